"""The review page in a real browser: what a reader sees, clicks and types, and what never runs."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from pipslim import cli, rewrite
from pipslim.syntax.source import decode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from selenium.webdriver import Chrome
    from selenium.webdriver.remote.webelement import WebElement

selenium = pytest.importorskip("selenium", reason="selenium is not installed")

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or ""
DRIVER = shutil.which("chromedriver") or ""
pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER),
    reason="there is no browser: install chromium and chromedriver (Debian: chromium-driver)",
)

MONOREPO = Path(__file__).parents[1] / "fixtures" / "monorepo"
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip
NASTY = (
    b"FROM python:3.12\n"
    b"# <script>alert(1)</script> <!-- </noscript></style> &lt;\n"
    b"# \xe2\x80\xa8 \xe2\x80\xae \x00 \xff\xfe \xc2\xa0 \xef\xbb\xbf tab\there\n"
    b"LABEL a=\"</script><img src=x onerror=alert(2)>\" b='\\u003c'\n"
    b'RUN pip install "<b onmouseover=alert(3)>flask</b>" \xf0\x9f\x98\x80 caf\xc3\xa9 \xff\n'
)
CRLF = b"FROM python:3.12\r\nENV A=1\r\nENV B=2\r\nRUN pip install x"
LONG = (
    b"FROM python:3.12\nRUN pip install a\n" + b"# a\n" * 20 + b"RUN pip install b\n" + b"# b\n" * 9
)
BROKEN = b"FROM scratch\n<script>alert(4)</script> a /\n"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the page of the monorepo and of a few files that would do harm."""
    folder = tmp_path_factory.mktemp("review")
    shutil.copytree(MONOREPO, folder, dirs_exist_ok=True)
    evil = folder / "evil"
    evil.mkdir()
    for name, content in (
        ("Dockerfile.nasty", NASTY),
        ("Dockerfile.crlf", CRLF),
        ("Dockerfile.broken", BROKEN),
        ("Dockerfile.long", LONG),
        ("Dockerfile.<img src=x onerror=alert(5)> #%41:7", CRLF),
        ("Dockerfile.same", b"FROM scratch\n"),
    ):
        (evil / name).write_bytes(content)
    if os.name != "nt":
        Path(os.fsdecode(os.fsencode(evil) + b"/Dockerfile.\xff")).write_bytes(CRLF)
    here = Path.cwd()
    os.chdir(folder)
    try:
        code = cli.main(["fix", "-q", "--no-diff", "--isolated", "--report", "review.html", "."])
    finally:
        os.chdir(here)
    assert code == cli.UNREAD
    return folder / "review.html"


@pytest.fixture(scope="module")
def data(page: Path) -> list[dict[str, Any]]:
    """Give what the page was told of each file."""
    text = page.read_text("utf-8").partition('data-part="data">')[2].partition("</script>")[0]
    files: list[dict[str, Any]] = json.loads(text)["files"]
    return files


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """Give a browser of its own, with an empty profile and no way to the network."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    driver.set_page_load_timeout(60)
    driver.set_script_timeout(30)
    yield driver
    driver.quit()


@pytest.fixture
def browser(started: Chrome, page: Path) -> Iterator[Chrome]:
    """Give the browser with the page open, nothing remembered; the page must not complain."""
    size(started, 1440, 900)
    media(started, "light")
    load(started, page)
    yield started
    started.execute_script("localStorage.clear()")
    assert [each for each in log(started, "browser") if each["level"] != "INFO"] == []


def load(browser: Chrome, page: Path, hash_: str = "") -> None:
    """Open the page anew, at an address within it."""
    browser.get("about:blank")
    browser.get(page.as_uri() + hash_)
    wait(
        browser,
        lambda: browser.execute_script("return 'ready' in document.documentElement.dataset"),
    )
    settle(browser)


def log(browser: Any, kind: str) -> list[dict[str, Any]]:
    """Give what the browser has logged since it was asked last."""
    found: list[dict[str, Any]] = browser.get_log(kind)
    return found


def wait(browser: Chrome, condition: Callable[[], object]) -> None:
    """Wait until something is so, for ten seconds at most."""
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def settle(browser: Chrome) -> None:
    """Wait for a few frames, in which the page draws what has come into view."""
    browser.execute_async_script(
        "const done = arguments[0]; let left = 3;"
        "const frame = () => left-- ? requestAnimationFrame(frame) : setTimeout(done, 20);"
        "frame();"
    )


def size(browser: Chrome, width: int, height: int) -> None:
    """Set the size of what is seen of a page."""
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def media(browser: Chrome, scheme: str, kind: str = "") -> None:
    """Set the colours that the system prefers, and the medium."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": kind, "features": features})


def press(browser: Chrome, keys: str) -> None:
    """Type keys one by one, to whatever has the focus."""
    for key in keys:
        browser.switch_to.active_element.send_keys(key)
        settle(browser)


def find(browser: Chrome, selector: str) -> list[WebElement]:
    """Give the elements that fit a selector of CSS."""
    return browser.find_elements("css selector", selector)


def choose(browser: Chrome, state: str) -> None:
    """Choose which files are shown."""
    browser.execute_script(f"document.querySelector('input[value={state}]').click()")
    settle(browser)


def search(browser: Chrome, text: str) -> None:
    """Type into the search field."""
    press(browser, "/")
    browser.switch_to.active_element.send_keys(text)
    time.sleep(0.15)
    settle(browser)


def paths_shown(browser: Chrome) -> list[str]:
    """Give the names of the files that are shown."""
    found: list[str] = browser.execute_script(
        "return [...document.querySelectorAll('section.file:not([hidden])')]"
        ".map(each => each.getAttribute('aria-label'))"
    )
    return found


def current(browser: Chrome) -> str:
    """Give the name of the file that was gone to."""
    found: str = browser.execute_script(
        "return document.querySelector('section.current')?.getAttribute('aria-label') ?? ''"
    )
    return found


def codes(browser: Chrome, path: str, column: str) -> str:
    """Give the text of a file's column, to the last code unit, with every line shown."""
    units: list[list[int]] = browser.execute_script(
        "const box = [...document.querySelectorAll('section.file')]"
        ".find(each => each.getAttribute('aria-label') === arguments[0]);"
        "const cells = [...box.querySelectorAll('td.code.' + arguments[1] + ':not(.void)"
        + (", td.code.both" if column == "old" else "")
        + "')];"
        "return cells.map(each => [...Array(each.textContent.length).keys()]"
        ".map(at => each.textContent.charCodeAt(at)));",
        path,
        column,
    )
    lines = [
        b"".join(unit.to_bytes(2, "little") for unit in line).decode("utf-16-le", "surrogatepass")
        for line in units
    ]
    return "\n".join(lines)


def show_whole(browser: Chrome, file: dict[str, Any]) -> str:
    """Show every line of a file; give the name that it has on the page."""
    label: str = browser.execute_script(
        "const box = [...document.querySelectorAll('section.file')][arguments[0]];"
        "const button = box.querySelector('.whole');"
        "if (button.getAttribute('aria-pressed') === 'false') button.click();"
        "return box.getAttribute('aria-label')",
        file["index"],
    )
    return label


# -- what is there ---------------------------------------------------------------------------------


def test_it_opens_from_a_file_and_asks_for_nothing_else(browser: Chrome, page: Path) -> None:
    log(browser, "performance")
    load(browser, page)
    asked = [
        json.loads(entry["message"])["message"]["params"]["request"]["url"]
        for entry in log(browser, "performance")
        if '"Network.requestWillBeSent"' in entry["message"]
    ]
    assert asked == [page.as_uri()]
    assert find(browser, "main.plain") == [], "the plain page is gone"


def test_counts_are_those_of_the_data(browser: Chrome, data: list[dict[str, Any]]) -> None:
    def count(state: str) -> int:
        choose(browser, state)
        shown = len(paths_shown(browser))
        (number,) = find(browser, f"[data-part=count-{state}]")
        assert number.text == str(shown)
        return shown

    states = [file["state"] for file in data]
    assert count("changed") == states.count("changed")
    assert count("errors") == states.count("unread") == 2
    assert count("same") == states.count("same")
    assert count("review") == len(states) - states.count("same")
    held = [file for file in data if any("held" in note for note in file.get("notes", ()))]
    assert count("held") == len(held) > 0


@pytest.mark.parametrize("view", ["unified", "split"])
def test_both_views_show_both_texts_to_the_last_byte(
    browser: Chrome, page: Path, data: list[dict[str, Any]], view: str
) -> None:
    choose(browser, view)
    wanted = ("evil/Dockerfile.nasty", "evil/Dockerfile.crlf", "services/billing/Dockerfile")
    seen = 0
    for index, file in enumerate(data):
        if file["path"] not in wanted:
            continue
        label = show_whole(browser, {**file, "index": index})
        content = decode((page.parent / file["path"]).read_bytes())
        outcome = rewrite(content)
        ends = "\n" if file["ends"] else ""
        assert codes(browser, label, "new") + ends == outcome.after
        if view == "split":  # one column after the other, which unified rows are not
            assert codes(browser, label, "old") + ends == content
        seen += 1
    assert seen == len(wanted)


def test_what_cannot_be_seen_is_drawn(browser: Chrome, page: Path) -> None:
    load(browser, page, "#evil/Dockerfile.nasty")
    press(browser, "x")
    drawn = [each.get_attribute("data-shown") for each in find(browser, ".current .odd")]
    assert drawn[:7] == ["\\u2028", "\\u202e", "\\x00", "\\xff", "\\xfe", "\\xa0", "\\ufeff"]


def test_returns_are_drawn_only_where_lines_differ(browser: Chrome, page: Path) -> None:
    load(browser, page, "#evil/Dockerfile.crlf")
    hidden = browser.execute_script(
        "return getComputedStyle(document.querySelector('.current .return'), '::before').content"
    )
    assert hidden == "none"
    assert [each.text for each in find(browser, ".current .badge.quiet")] == ["CRLF"]
    assert "no newline at the end" in find(browser, ".current .end")[0].text


def test_nothing_that_a_file_holds_is_run(browser: Chrome) -> None:
    from selenium.common.exceptions import NoAlertPresentException

    for state in ("review", "errors", "same"):
        choose(browser, state)
        browser.execute_script("window.scrollTo(0, document.body.scrollHeight)")
        settle(browser)
    press(browser, "u")
    with pytest.raises(NoAlertPresentException):
        browser.switch_to.alert.text  # noqa: B018 - asking is what raises
    assert find(browser, "main img, main b[onmouseover], nav img") == []
    assert len(find(browser, "script")) == 2


def test_reasons_stand_beside_the_lines(browser: Chrome, page: Path) -> None:
    load(browser, page, "#services/billing/Dockerfile")
    press(browser, "n")
    place = browser.switch_to.active_element
    assert place.get_attribute("role") == "group"
    for box in find(browser, ".current .place"):
        (rows,), (notes,) = (box.find_elements("css selector", s) for s in ("table", ".notes"))
        assert notes.text.strip()
        assert rows.location["x"] + rows.size["width"] <= notes.location["x"] + 1
        assert abs(rows.location["y"] - notes.location["y"]) < 2
    words = [each.text for each in find(browser, ".current ins")]
    assert " --no-cache-dir" in [f" {word.strip()}" for word in words]


def test_unchanged_lines_are_folded_and_unfold_one_by_one(browser: Chrome, page: Path) -> None:
    load(browser, page, "#evil/Dockerfile.long")
    folds = find(browser, ".current .fold")
    assert [fold.text.lstrip("↕ ") for fold in folds] == ["14 unchanged lines", "6 unchanged lines"]
    rows = len(find(browser, ".current tr"))
    folds[-1].click()
    assert len(find(browser, ".current .fold")) == 1
    assert len(find(browser, ".current tr")) == rows + 6
    assert browser.switch_to.active_element.get_attribute("aria-label") == "evil/Dockerfile.long"
    press(browser, "x")
    assert len(find(browser, ".current tr")) == rows + 6 + 14
    press(browser, "x")
    assert len(find(browser, ".current tr")) == rows, "as it was"


def test_a_pass_is_explained_where_it_is_named(browser: Chrome) -> None:
    find(browser, ".note[data-pass=bytecode] a.why")[0].click()
    (dialog,) = find(browser, "dialog[open]")
    assert "Python compiles its modules anew at each start" in dialog.text
    press(browser, "\ue00c")
    assert find(browser, "dialog[open]") == []


# -- filters ---------------------------------------------------------------------------------------


def test_a_pass_is_a_filter(browser: Chrome, data: list[dict[str, Any]]) -> None:
    wanted = [
        file["path"]
        for file in data
        if any(note["pass"] == "old-pip" for note in file.get("notes", ()))
    ]
    find(browser, "tr[data-pass=old-pip] button")[0].click()
    assert paths_shown(browser) == wanted
    assert find(browser, "tr[data-pass=old-pip] button")[0].get_attribute("aria-pressed") == "true"
    find(browser, "tr[data-pass=old-pip] button")[0].click()
    assert len(paths_shown(browser)) > len(wanted)


def test_a_folder_is_a_filter(browser: Chrome) -> None:
    find(browser, "[data-folder='services/billing'] > .row .label")[0].click()
    shown = paths_shown(browser)
    assert shown
    assert all(path.startswith("services/billing/") for path in shown)
    (chip,) = find(browser, "[data-part=folder]")
    assert chip.text == "services/billing ✕"
    chip.click()
    assert len(paths_shown(browser)) > len(shown)


def test_search_reads_paths_text_and_reasons(browser: Chrome) -> None:
    search(browser, "billing")
    assert all("billing" in path for path in paths_shown(browser))
    assert find(browser, "[data-part=count]")[0].get_attribute("textContent") == "3 files"
    for words, path in (
        ("pip.conf libpq5 --require-hashes", "services/billing/Dockerfile"),
        ("older than 6.0", "legacy/erp/Dockerfile"),
        ("ONERROR=alert(2)", "evil/Dockerfile.nasty"),
    ):
        press(browser, "\ue00c")
        search(browser, words)
        assert paths_shown(browser) == [path]
    press(browser, "\ue00c")
    search(browser, "no-file-has-this")
    assert paths_shown(browser) == []
    (button,) = find(browser, "[data-part=none] button")
    button.click()
    assert len(paths_shown(browser)) > 30


def test_what_was_viewed_is_remembered_until_it_changes(browser: Chrome, page: Path) -> None:
    first = paths_shown(browser)[0]
    press(browser, "jv")
    (progress,) = find(browser, "[data-part=progress]")
    assert progress.text.startswith("1 / ")
    assert current(browser) == paths_shown(browser)[1], "on to the next"
    load(browser, page)
    boxes = find(browser, "section.file:not([hidden]) .check input")
    assert [each.is_selected() for each in boxes[:2]] == [True, False]
    assert "folded" in (find(browser, "section.file")[0].get_attribute("class") or "")
    find(browser, "[data-part=unviewed]")[0].click()
    assert first not in paths_shown(browser)
    other = page.with_name("other.html")
    text = page.read_text("utf-8")
    start = text.index('"id":"') + 6
    other.write_text(text[:start] + "0" * 12 + text[start + 12 :], "utf-8")
    load(browser, other)
    assert not find(browser, "section.file:not([hidden]) .check input")[0].is_selected()


# -- the keyboard ----------------------------------------------------------------------------------


def test_j_and_k_go_from_file_to_file(browser: Chrome) -> None:
    paths = paths_shown(browser)
    for path in paths[:6]:
        press(browser, "j")
        assert current(browser) == path
    press(browser, "kk")
    assert current(browser) == paths[3]
    top, bar = browser.execute_script(
        "return [document.querySelector('.current').getBoundingClientRect().top,"
        " document.querySelector('.tools').getBoundingClientRect().bottom]"
    )
    assert abs(top - bar - 8) < 2


def test_j_reaches_the_last_file_from_anywhere(browser: Chrome) -> None:
    paths = paths_shown(browser)
    browser.execute_script("window.scrollTo(0, document.body.scrollHeight)")
    settle(browser)
    press(browser, "k")
    assert current(browser) in paths[-3:]
    press(browser, "jjj")
    assert current(browser) == paths[-1]


def test_n_and_p_go_from_change_to_change(browser: Chrome, data: list[dict[str, Any]]) -> None:
    def place() -> tuple[str, str | None]:
        return current(browser), browser.switch_to.active_element.get_attribute("aria-label")

    places = []
    for _ in range(8):
        press(browser, "n")
        places.append(place())
    assert len(set(places)) == 8
    order = [file["path"] for file in data]
    at = [order.index(path) for path, _ in places]
    assert at == sorted(at)
    press(browser, "pp")
    assert place() == places[-3]


def test_u_turns_the_view_and_keeps_the_place(browser: Chrome) -> None:
    press(browser, "jjjj")
    there = current(browser)
    top = "return document.querySelector('.current').getBoundingClientRect().top"
    before = browser.execute_script(top)
    press(browser, "u")
    assert find(browser, ".current .diff.split")
    assert current(browser) == there
    assert abs(browser.execute_script(top) - before) < 2
    press(browser, "u")
    assert find(browser, ".current .diff.unified")


def test_other_keys(browser: Chrome) -> None:
    press(browser, "?")
    (dialog,) = find(browser, "dialog[open]")
    assert "next, previous file" in dialog.text
    press(browser, "\ue00c")
    press(browser, "f")
    assert browser.switch_to.active_element.get_attribute("name") == "state"
    press(browser, "\ue014")  # an arrow, to the next of them
    assert find(browser, "input[value=changed]")[0].is_selected()
    press(browser, "\ue00c")
    assert find(browser, "input[value=review]")[0].is_selected()
    press(browser, "j")
    press(browser, "o")
    assert find(browser, ".current.folded")
    press(browser, "o")
    assert not find(browser, ".current.folded")
    search(browser, "jk?")
    assert find(browser, "[data-part=search]")[0].get_attribute("value") == "jk?"


def test_folders_are_a_tree_for_the_keyboard(browser: Chrome) -> None:
    press(browser, "r")
    item = browser.switch_to.active_element
    assert item.get_attribute("role") == "treeitem"
    names = []
    for _ in range(3):
        press(browser, "\ue015")
        names.append(browser.switch_to.active_element.get_attribute("aria-label"))
    assert len(set(names)) == 3
    browser.execute_script("document.querySelector('[data-folder=services]').focus()")
    press(browser, "\ue012")
    closed = browser.switch_to.active_element
    assert closed.get_attribute("data-folder") == "services"
    assert closed.get_attribute("aria-expanded") == "false"
    press(browser, "\ue014")
    assert browser.switch_to.active_element.get_attribute("aria-expanded") == "true"
    press(browser, "\ue007")
    assert all(path.startswith("services/") for path in paths_shown(browser))


def test_all_that_can_be_clicked_has_a_name_and_the_focus(browser: Chrome) -> None:
    nameless = browser.execute_script(
        "return [...document.querySelectorAll('button, a, input, select, [role=treeitem]')]"
        ".filter(each => !(each.getAttribute('aria-label') || each.textContent.trim()"
        " || each.labels?.[0]?.textContent.trim())).map(each => each.outerHTML)"
    )
    assert nameless == []
    press(browser, "\ue004")
    outline = browser.execute_script(
        "const style = getComputedStyle(document.activeElement);"
        "return [style.outlineStyle, style.outlineWidth]"
    )
    assert outline == ["solid", "2px"] or outline[0] == "auto"


# -- addresses -------------------------------------------------------------------------------------


def test_a_link_leads_to_a_file(browser: Chrome, page: Path, data: list[dict[str, Any]]) -> None:
    for file in data:
        if not file["path"].startswith("evil/"):
            continue
        load(browser, page, "#" + quote(os.fsencode(file["path"])))
        index = browser.execute_script(
            "return [...document.querySelectorAll('section.file')].findIndex("
            "each => each.classList.contains('current'))"
        )
        assert data[index]["path"] == file["path"]
        assert file["state"] == "same" or browser.execute_script(
            "const box = document.querySelector('.current').getBoundingClientRect();"
            "return box.top > 0 && box.top < 120"
        )


def test_a_link_leads_to_a_line_as_messages_name_it(browser: Chrome, page: Path) -> None:
    load(browser, page, "#services/billing/Dockerfile:6:5")
    (row,) = find(browser, "tr.linked")
    assert "--require-hashes" in row.text
    top = browser.execute_script("return arguments[0].getBoundingClientRect().top", row)
    assert 0 < top < 900


def test_the_address_follows(browser: Chrome) -> None:
    press(browser, "jj")
    assert browser.current_url.endswith("#" + quote(current(browser)))


# -- colours, paper, no scripts --------------------------------------------------------------------


def luminance(colour: str) -> float:
    """Give the relative luminance of `rgb(…)`, as WCAG defines it."""
    parts = [int(part) / 255 for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    linear = [
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


CONTRASTS = """
const opaque = (node) => {
  for (; node; node = node.parentElement) {
    const colour = getComputedStyle(node).backgroundColor;
    if (!/^rgba\\(.*, 0\\)$/.test(colour) && colour !== "transparent") return colour;
  }
  return "rgb(255, 255, 255)";
};
const seen = new Map();
for (const node of document.querySelectorAll("body *")) {
  if (![...node.childNodes].some((each) => each.nodeType === 3 && each.data.trim())) continue;
  if (!node.checkVisibility() || node.closest("script, noscript, .odd")) continue;
  const pair = getComputedStyle(node).color + "|" + opaque(node);
  if (!seen.has(pair)) seen.set(pair, node.className || node.tagName);
}
return [...seen];
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_is_good_in_both_schemes(browser: Chrome, page: Path, scheme: str) -> None:
    media(browser, scheme)
    load(browser, page, "#legacy/erp/Dockerfile")
    body = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert (luminance(body) > 0.5) == (scheme == "light")
    pairs = browser.execute_script(CONTRASTS)
    assert len(pairs) > 10
    for pair, name in pairs:
        first, second = sorted(map(luminance, pair.split("|")), reverse=True)
        assert (first + 0.05) / (second + 0.05) >= 4.5, (name, pair)


def test_t_chooses_the_colours_and_they_are_remembered(browser: Chrome, page: Path) -> None:
    colour = "return getComputedStyle(document.body).backgroundColor"
    light = browser.execute_script(colour)
    press(browser, "tt")
    assert luminance(browser.execute_script(colour)) < 0.1
    load(browser, page)
    assert luminance(browser.execute_script(colour)) < 0.1
    press(browser, "t")
    assert browser.execute_script(colour) == light


def test_on_paper_all_files_that_are_shown_are_there(browser: Chrome) -> None:
    media(browser, "dark", "print")
    browser.execute_script("window.dispatchEvent(new Event('beforeprint'))")
    settle(browser)
    drawn = browser.execute_script(
        "return [...document.querySelectorAll('section.file:not([hidden]) .inside')]"
        ".every(each => each.firstChild && each.getBoundingClientRect().height > 20)"
    )
    assert drawn
    assert not find(browser, ".tools")[0].is_displayed()
    body = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert luminance(body) > 0.9
    media(browser, "light")


def test_without_scripts_it_can_be_read(started: Chrome, page: Path) -> None:
    started.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        started.get("about:blank")
        started.get(page.as_uri() + "#services/billing/Dockerfile")
        (main,) = find(started, "main.plain")
        assert main.is_displayed()
        assert not find(started, ".tools")[0].is_displayed()
        assert "+RUN pip install --no-cache-dir --require-hashes" in main.text
        assert "<script>alert(1)</script>" in main.text
    finally:
        started.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


@pytest.mark.parametrize("width", [390, 1024, 1920])
def test_nothing_is_wider_than_the_page(browser: Chrome, page: Path, width: int) -> None:
    size(browser, width, 900)
    for view in ("unified", "split"):
        load(browser, page)
        choose(browser, view)
        press(browser, "jj")
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width


# -- many files ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "limit"), [(400, 5.0), (4000, 15.0)])
def test_many_files_load_quickly(
    started: Chrome, tmp_path: Path, tell: Callable[[str], None], count: int, limit: float
) -> None:
    from pipslim.report.review_page import review_page
    from pipslim.runner import FileOutcome

    paths = sorted(path for path in MONOREPO.rglob("*ockerfile*") if path.is_file())
    outcomes = [rewrite(decode(path.read_bytes())) for path in paths]
    many = [
        FileOutcome(f"team-{at % 40:02}/svc-{at:04}/Dockerfile", outcomes[at % len(outcomes)])
        for at in range(count)
    ]
    begun = time.perf_counter()
    text = review_page(sorted(many), written=False)
    made = time.perf_counter() - begun
    page = tmp_path / "many.html"
    page.write_text(text, "utf-8")
    size(started, 1440, 900)
    begun = time.perf_counter()
    load(started, page)
    loaded = time.perf_counter() - begun
    begun = time.perf_counter()
    press(started, "j")
    went = time.perf_counter() - begun
    begun = time.perf_counter()
    choose(started, "changed")
    filtered = time.perf_counter() - begun
    assert len(find(started, "section.file .diff")) < 60, "only what is near is drawn"
    tell(
        f"review page of {count} files: {len(text) / 1e6:.1f} MB, made in {made:.2f} s, "
        f"opened in {loaded:.2f} s, next file {went:.2f} s, filter {filtered:.2f} s"
    )
    assert loaded < limit
