// The page: the list of files, filters, folders, the keyboard, what was viewed.

const root = document.documentElement;
root.classList.add("js");

const stored = {
  get(name) {
    try {
      return localStorage.getItem(`pipslim.${name}`);
    } catch {
      return null; // a sandbox without storage: nothing is remembered
    }
  },
  set(name, value) {
    try {
      localStorage.setItem(`pipslim.${name}`, value);
    } catch {
      // as above
    }
  },
};

const THEMES = ["auto", "light", "dark"];
let theme = THEMES.includes(stored.get("theme")) ? stored.get("theme") : "auto";
const setTheme = (name) => {
  theme = name;
  if (name === "auto") delete root.dataset.theme;
  else root.dataset.theme = name;
};
setTheme(theme); // ahead of the first paint

const start = () => {
  const part = (name) => document.querySelector(`[data-part="${name}"]`);
  part("plain").remove();
  const data = JSON.parse(part("data").textContent);
  part("data").textContent = "";
  const files = data.files;
  files.forEach((file, index) => (file.index = index));
  const home = part("files");
  const search = part("search");
  const passes = part("pass");

  const ERRORS = ["unread", "failed"];
  const isHeld = (file) => (file.notes ?? []).some((note) => note.held);
  const STATES = {
    review: ["To review", (file) => file.state !== "same"],
    changed: ["Changed", (file) => file.state === "changed"],
    held: ["Held back", isHeld],
    errors: ["Errors", (file) => ERRORS.includes(file.state)],
    same: ["Unchanged", (file) => file.state === "same"],
  };

  let state = "review";
  let folder = "";
  let split = stored.get("view") ? stored.get("view") === "split" : innerWidth >= 1600;
  const viewed = new Set((stored.get("viewed") ?? "").split(" ").filter(Boolean));

  // -- links ---------------------------------------------------------------------------------

  // A path as an address: its bytes, so that no name is lost. A lone surrogate is such a byte.
  const address = (path) =>
    [...path]
      .map((character) => {
        const number = character.codePointAt(0);
        if (number >= 0xdc80 && number <= 0xdcff) {
          return `%${(number - 0xdc00).toString(16).toUpperCase()}`;
        }
        if (number >= 0xd800 && number <= 0xdfff) return "%EF%BF%BD";
        return encodeURIComponent(character).replaceAll("%2F", "/");
      })
      .join("");

  const byAddress = new Map(files.map((file) => [address(file.path), file]));

  // Give the file and the 1-based line, or 0, that an address names: `path`, `path:12`, `path:12:3`.
  const named = (hash) => {
    const tries = [hash];
    try {
      tries.push(address(decodeURIComponent(hash)));
    } catch {
      // not what encodeURIComponent makes; as it is, then
    }
    for (const each of tries) {
      if (byAddress.has(each)) return { file: byAddress.get(each), line: 0 };
      const match = /^(.*?)(?::|%3A)(\d+)(?:(?::|%3A)\d+)?$/.exec(each);
      if (match && byAddress.has(match[1])) {
        return { file: byAddress.get(match[1]), line: Number(match[2]) };
      }
    }
    return null;
  };

  // -- the list of files ---------------------------------------------------------------------

  const count = (file) => {
    let plus = 0;
    let minus = 0;
    for (const change of file.changes ?? []) {
      for (const [old, next] of change.rows) {
        plus += next !== null;
        minus += old !== null;
      }
    }
    return [plus, minus];
  };

  const saidOf = (file) => {
    const ids = new Map();
    for (const note of file.notes ?? []) {
      const key = `${note.pass}${note.fixed ? "" : " held"}`;
      ids.set(key, { note, times: (ids.get(key)?.times ?? 0) + 1 });
    }
    return [...ids.values()].map(({ note, times }) =>
      el(
        "span",
        { class: note.fixed ? "badge" : "badge held" },
        (note.pass || "ignore comment") + (times > 1 ? ` ×${times}` : ""),
      ),
    );
  };

  const LABELS = { unread: "not readable", failed: "failed its proof", same: "nothing to change" };

  const makeSection = (file) => {
    const cut = file.path.lastIndexOf("/") + 1;
    const name = el("h2");
    const link = el("a", { href: `#${address(file.path)}`, class: "path" });
    const ahead = el("span", { class: "dim" });
    putText(ahead, file.path.slice(0, cut));
    const last = el("span", { class: "last" });
    putText(last, file.path.slice(cut));
    link.append(ahead, last);
    name.append(link);
    const [plus, minus] = count(file);
    const head = el("header", {}, name);
    if (plus || minus) {
      head.append(
        el("span", { class: "lines", "aria-label": `${plus} lines in, ${minus} out` },
          el("b", { class: "plus" }, `+${plus}`), " ", el("b", { class: "minus" }, `−${minus}`)),
      );
    }
    if (file.notes?.length) head.append(el("span", { class: "badges" }, ...saidOf(file)));
    if (LABELS[file.state]) {
      const bad = ERRORS.includes(file.state) ? " bad" : "";
      head.append(el("span", { class: `badge${bad}` }, LABELS[file.state]));
    }
    if (file.lines && file.changes && hasReturns(file)) {
      head.append(el("span", { class: "badge quiet", title: "lines end with \\r\\n" }, "CRLF"));
    }
    const box = el("section", { class: `file ${file.state}`, tabindex: "-1" }, head);
    box.setAttribute("aria-label", file.path.replace(ODD, code));
    if (file.state !== "same") {
      const tick = el("input", { type: "checkbox" });
      tick.checked = viewed.has(file.id);
      tick.addEventListener("change", () => view(file, tick.checked));
      file.tick = tick;
      const fold = el("button", { type: "button", class: "twist" });
      fold.addEventListener("click", () => foldFile(file, !file.folded));
      file.twist = fold;
      head.prepend(fold);
      head.append(el("span", { class: "gap" }));
      if (file.changes) {
        const whole = el("button", { type: "button", class: "plain whole" }, "whole file");
        whole.setAttribute("aria-pressed", "false");
        whole.addEventListener("click", () => showWhole(file));
        file.wholeButton = whole;
        head.append(whole);
      }
      head.append(el("label", { class: "check" }, tick, " Viewed"));
      file.body = box.appendChild(el("div", { class: "inside" }));
    }
    file.section = box;
    file.opened = new Set();
    file.whole = false;
    file.drawn = false;
    file.folded = viewed.has(file.id);
    if (file.body) dressFold(file);
    return box;
  };

  const rowsOf = (file) => {
    if (file.lines && !file.changes) return file.lines.length + 3;
    if (!file.changes) return 3;
    const rows = file.changes.reduce((sum, change) => sum + change.rows.length + 6, 0);
    return Math.max(rows, file.notes.length * 4);
  };

  const draw = (file) => {
    if (!file.body || file.folded) return;
    const redraw = () => {
      draw(file);
      file.section.focus({ preventScroll: true });
    };
    file.body.replaceChildren(
      file.changes
        ? drawChanges(file, { split, whole: file.whole, opened: file.opened, redraw })
        : drawError(file),
    );
    file.body.style.minHeight = "";
    file.drawn = true;
    markNotes(file);
  };

  const undraw = (file) => {
    if (!file.body) return;
    file.drawn = false;
    file.body.replaceChildren();
    const height = file.folded ? 0 : rowsOf(file) * 20;
    file.body.style.minHeight = height ? `${height}px` : "";
    file.section.style.containIntrinsicSize = `auto ${height + 44}px`;
  };

  const markNotes = (file) => {
    for (const note of file.section.querySelectorAll(".note")) {
      note.classList.toggle("off", passes.value !== "" && note.dataset.pass !== passes.value);
    }
  };

  const near = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        const file = byBox.get(entry.target);
        if (entry.isIntersecting && !file.drawn) draw(file);
      }
    },
    { rootMargin: "1200px 0px" },
  );

  const dressFold = (file) => {
    file.section.classList.toggle("folded", file.folded);
    file.twist.setAttribute("aria-expanded", String(!file.folded));
    file.twist.setAttribute("aria-label", `${file.folded ? "Unfold" : "Fold"} the file`);
  };

  const foldFile = (file, folded) => {
    if (!file.body) return;
    file.folded = folded;
    dressFold(file);
    if (folded) undraw(file);
    else draw(file);
  };

  const showWhole = (file) => {
    if (!file.changes) return;
    file.whole = !file.whole;
    file.wholeButton.setAttribute("aria-pressed", String(file.whole));
    if (!file.whole) file.opened.clear();
    foldFile(file, false);
  };

  const view = (file, yes) => {
    if (yes) viewed.add(file.id);
    else viewed.delete(file.id);
    stored.set("viewed", [...viewed].join(" "));
    file.tick.checked = yes;
    foldFile(file, yes);
    if (part("unviewed").checked) filter();
    else {
      tellProgress();
      dressTree();
    }
  };

  const tellProgress = () => {
    const all = files.filter((file) => file.state !== "same");
    const done = all.filter((file) => viewed.has(file.id)).length;
    part("progress").textContent = `${done} / ${all.length} viewed`;
  };

  // -- filters -------------------------------------------------------------------------------

  const textOf = (file) => {
    if (file.text === undefined) {
      const parts = [file.path, file.error ?? "", ...(file.lines ?? [])];
      for (const change of file.changes ?? []) {
        for (const [, next] of change.rows) {
          if (next !== null) parts.push(typeof next === "string" ? next : next.join(""));
        }
      }
      for (const note of file.notes ?? []) {
        parts.push(note.pass, note.message, note.fixed ?? "", note.held ?? "");
      }
      file.text = parts.join("\n").toLowerCase();
    }
    return file.text;
  };

  const below = (file) => !folder || file.path.startsWith(`${folder}/`);
  let fitting = files; // what all filters but the folder let through
  let shownFiles = files;

  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const pass = passes.value;
    const unviewed = part("unviewed").checked;
    const other = (file) =>
      (!pass || (file.notes ?? []).some((note) => note.pass === pass) || file.pass === pass) &&
      !(unviewed && viewed.has(file.id)) &&
      words.every((word) => textOf(file).includes(word));
    const candidates = files.filter(other);
    for (const [name, [, fits]] of Object.entries(STATES)) {
      const number = candidates.filter((file) => below(file) && fits(file)).length;
      part(`count-${name}`).textContent = number.toLocaleString("en");
    }
    fitting = candidates.filter(STATES[state][1]);
    shownFiles = fitting.filter(below);
    const there = new Set(shownFiles);
    for (const file of files) file.section.hidden = !there.has(file);
    part("count").textContent = plural(shownFiles.length, "file");
    part("none").hidden = shownFiles.length > 0;
    const chip = part("folder");
    chip.hidden = !folder;
    chip.replaceChildren();
    putText(chip, `${folder} ✕`);
    chip.setAttribute("aria-label", `All folders, not only ${folder.replace(ODD, code)}`);
    for (const row of document.querySelectorAll(".plot tr[data-pass]")) {
      const on = row.dataset.pass === pass;
      row.classList.toggle("on", on);
      row.querySelector("button").setAttribute("aria-pressed", String(on));
    }
    for (const file of shownFiles) if (file.drawn) markNotes(file);
    tellProgress();
    drawTree();
  };

  const clear = () => {
    search.value = "";
    passes.value = "";
    folder = "";
    part("unviewed").checked = false;
    setState("review");
  };

  const setState = (name) => {
    state = name;
    document.querySelector(`input[name="state"][value="${name}"]`).checked = true;
    filter();
  };

  const setFolder = (path) => {
    folder = path === folder ? "" : path;
    filter();
    if (scrollY > home.offsetTop) scrollTo(home, 0);
  };

  // -- folders -------------------------------------------------------------------------------

  const open = new Set();
  const closed = new Set();

  const branch = (all) => {
    const top = { path: "", name: "", folders: new Map(), files: [], all: [] };
    for (const file of all) {
      let node = top;
      node.all.push(file);
      const parts = file.path.split("/");
      const last = parts.pop();
      for (const name of parts) {
        const path = node === top ? name : `${node.path}/${name}`;
        if (!node.folders.has(name)) {
          node.folders.set(name, { path, name, folders: new Map(), files: [], all: [] });
        }
        node = node.folders.get(name);
        node.all.push(file);
      }
      node.files.push({ file, name: last });
    }
    return top;
  };

  const slim = (node) => {
    // a folder that holds one folder alone is told together with it
    while (node.files.length === 0 && node.folders.size === 1) {
      const [only] = node.folders.values();
      node = { ...only, name: `${node.name}/${only.name}` };
    }
    return node;
  };

  let few = true;
  const isOpen = (node, level) =>
    !closed.has(node.path) &&
    (open.has(node.path) || few || level === 0 || folder.startsWith(node.path));

  const leaf = ({ file, name }, level) => {
    const label = el("span", { class: "label" });
    putText(label, name);
    const item = el("li", {
      role: "treeitem", "aria-level": level, "data-file": file.index, tabindex: "-1",
      class: `leaf ${file.state}${isHeld(file) ? " held" : ""}`,
    }, el("span", { class: "row" }, el("i", { class: "dot", "aria-hidden": "true" }), label));
    item.setAttribute("aria-label", `${name.replace(ODD, code)}, ${file.state}`);
    file.leaf = item;
    return item;
  };

  const twig = (plain, level) => {
    const node = slim(plain);
    const held = node.all.filter(isHeld).length;
    const bad = node.all.filter((file) => ERRORS.includes(file.state)).length;
    const label = el("span", { class: "label" });
    putText(label, node.name);
    const expanded = isOpen(node, level);
    const row = el("span", { class: "row" },
      el("span", { class: "twisty", "aria-hidden": "true" }), label,
      bad ? el("span", { class: "few bad" }, String(bad)) : null,
      held ? el("span", { class: "few held" }, String(held)) : null,
      el("span", { class: "number" }, node.all.length.toLocaleString("en")));
    const item = el("li", {
      role: "treeitem", "aria-level": level, "aria-expanded": String(expanded), tabindex: "-1",
      "aria-selected": String(node.path === folder),
    }, row);
    item.dataset.folder = node.path;
    item.setAttribute("aria-label", [
      node.name.replace(ODD, code), plural(node.all.length, "file"),
      held ? `${held} with findings held back` : "", bad ? plural(bad, "error") : "",
    ].filter(Boolean).join(", "));
    if (expanded) item.append(el("ul", { role: "group" }, ...limbs(node, level + 1)));
    return item;
  };

  const limbs = (node, level) => [
    ...[...node.folders.values()].map((each) => {
      const only = each.folders.size === 0 && each.files.length === 1 ? each.files[0] : null;
      // a folder of one file is told as that file
      return only ? leaf({ ...only, name: `${each.name}/${only.name}` }, level) : twig(each, level);
    }),
    ...node.files.map((each) => leaf(each, level)),
  ];

  const drawTree = () => {
    const focused = document.activeElement?.closest("[role=treeitem]")?.dataset.folder;
    for (const file of files) file.leaf = null;
    few = fitting.length <= 60;
    const list = el("ul", { role: "tree", "aria-label": "Folders and files" });
    list.append(...limbs(branch(fitting), 1));
    part("tree").replaceChildren(list);
    dressTree();
    const items = [...list.querySelectorAll("[role=treeitem]")];
    const first = items.find((each) => focused !== undefined && each.dataset.folder === focused);
    const entry = first ?? items.find((each) => each.dataset.folder === folder) ?? items[0];
    if (entry) entry.tabIndex = 0;
    first?.focus({ preventScroll: true });
  };

  const dressTree = () => {
    for (const file of files) file.leaf?.classList.toggle("done", viewed.has(file.id));
  };

  const setOpen = (item, yes) => {
    const path = item.dataset.folder;
    (yes ? open : closed).add(path);
    (yes ? closed : open).delete(path);
    drawTree();
  };

  const act = (item) => {
    if (item.dataset.folder === undefined) go(files[Number(item.dataset.file)]);
    else {
      closed.delete(item.dataset.folder);
      open.add(item.dataset.folder);
      setFolder(item.dataset.folder);
    }
  };

  part("tree").addEventListener("click", (event) => {
    const item = event.target.closest("[role=treeitem]");
    if (!item) return;
    if (event.target.closest(".twisty")) {
      setOpen(item, item.getAttribute("aria-expanded") !== "true");
    } else act(item);
  });

  part("tree").addEventListener("keydown", (event) => {
    const item = event.target.closest("[role=treeitem]");
    if (!item || event.ctrlKey || event.metaKey || event.altKey) return;
    const items = [...part("tree").querySelectorAll("[role=treeitem]")];
    const at = items.indexOf(item);
    const expanded = item.getAttribute("aria-expanded");
    const step = (other) => {
      if (!other) return;
      item.tabIndex = -1;
      other.tabIndex = 0;
      other.focus();
    };
    const keys = {
      ArrowDown: () => step(items[at + 1]),
      ArrowUp: () => step(items[at - 1]),
      Home: () => step(items[0]),
      End: () => step(items.at(-1)),
      ArrowRight: () => (expanded === "false" ? setOpen(item, true) : step(items[at + 1])),
      ArrowLeft: () =>
        expanded === "true"
          ? setOpen(item, false)
          : step(item.parentElement.closest("[role=treeitem]")),
      Enter: () => act(item),
      " ": () => act(item),
    };
    if (!keys[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    keys[event.key]();
  });

  // -- moving about --------------------------------------------------------------------------

  const tools = document.querySelector(".tools");
  // Give the height of what covers the list at the top: nothing where the page is narrow.
  const edge = () =>
    getComputedStyle(tools).position === "sticky" ? tools.getBoundingClientRect().height : 0;
  let current = null; // {file, place, at}: what was gone to last, and where the page was then

  const setCurrent = (file, place = null) => {
    current?.file.section.classList.remove("current");
    file.section.classList.add("current");
    current = { file, place, at: scrollY };
    for (const item of part("tree").querySelectorAll(".here")) item.classList.remove("here");
    if (!file.leaf) return;
    file.leaf.classList.add("here");
    const list = part("tree"); // not scrollIntoView: it would move the page as well
    const [seen, leaf] = [list.getBoundingClientRect(), file.leaf.getBoundingClientRect()];
    if (leaf.top < seen.top) list.scrollTop -= seen.top - leaf.top + 40;
    else if (leaf.bottom > seen.bottom) list.scrollTop += leaf.bottom - seen.bottom + 40;
  };

  // Draw a file and those just ahead of and behind it, so that none grows while one looks at it.
  const drawNear = (file) => {
    const at = shownFiles.indexOf(file);
    for (const each of shownFiles.slice(Math.max(at - 2, 0), at + 3)) if (!each.drawn) draw(each);
  };

  // Keep a node at a height. What comes into view may turn out to be higher or lower than was
  // guessed, so the page is set right in the next frames, too.
  let held = null;
  const hold = (node, top) => {
    let frames = 4;
    const settle = () => {
      if (held !== settle) return;
      const off = node.getBoundingClientRect().top - top();
      if (Math.abs(off) > 0.5) window.scrollBy({ top: off, behavior: "instant" });
      if (current) current.at = scrollY;
      if (frames--) requestAnimationFrame(settle);
    };
    held = settle;
    settle();
  };
  for (const name of ["wheel", "touchstart", "mousedown"]) {
    addEventListener(name, () => (held = null), { passive: true });
  }
  const scrollTo = (node, room) => hold(node, () => edge() + room);

  const go = (file, keep = false) => {
    if (file.section.hidden) {
      clear();
      if (file.section.hidden) setState("same");
    }
    drawNear(file);
    setCurrent(file);
    scrollTo(file.section, 8);
    file.section.focus({ preventScroll: true });
    if (!keep) history.replaceState(null, "", `#${address(file.path)}`);
  };

  const goTo = (file, place) => {
    foldFile(file, false);
    drawNear(file);
    const box = file.section.querySelectorAll(".place")[place];
    if (!box) return go(file);
    setCurrent(file, place);
    scrollTo(box, 60);
    box.focus({ preventScroll: true });
  };

  // Give the number, in the list shown, of the file that a reader looks at.
  const here = () => {
    if (current && Math.abs(scrollY - current.at) < 2 && !current.file.section.hidden) {
      return shownFiles.indexOf(current.file);
    }
    const at = shownFiles.findIndex(
      (file) => file.section.getBoundingClientRect().bottom > edge() + 16,
    );
    if (at < 0) return shownFiles.length - 1;
    return shownFiles[at].section.getBoundingClientRect().top > edge() + 16 ? at - 0.5 : at;
  };

  const stepFile = (by) => {
    const at = here();
    const next = by > 0 ? Math.floor(at) + 1 : Math.ceil(at) - 1;
    const file = shownFiles[Math.min(Math.max(next, 0), shownFiles.length - 1)];
    if (file) go(file);
  };

  const countPlaces = (file) => (file.changes ? places(file, allRows(file)).length : 0);

  const stepPlace = (by) => {
    if (!shownFiles.length) return;
    const exact = here();
    let at = Math.max(by > 0 ? Math.ceil(exact) : Math.floor(exact), 0);
    let place = by > 0 ? 0 : Infinity;
    const file = shownFiles[at];
    if (current?.file === file && Math.abs(scrollY - current.at) < 2) {
      place = current.place === null ? (by > 0 ? 0 : -1) : current.place + by;
    } else if (Number.isInteger(exact) && file.drawn) {
      const boxes = [...file.section.querySelectorAll(".place")];
      const tops = boxes.map((box) => box.getBoundingClientRect().top - edge());
      place = by > 0 ? tops.findIndex((top) => top > 61) : tops.filter((top) => top < 59).length - 1;
      if (place < 0 && by > 0) place = Infinity;
    }
    while (at >= 0 && at < shownFiles.length) {
      const most = countPlaces(shownFiles[at]);
      if (place === Infinity && by < 0) place = most - 1;
      if (place >= 0 && place < most) return goTo(shownFiles[at], place);
      at += by;
      place = by > 0 ? 0 : Infinity;
    }
  };

  const followHash = () => {
    const hash = location.hash.slice(1);
    const target = named(hash);
    if (target) {
      const { file, line } = target;
      if (line && file.changes) {
        file.whole = true;
        file.wholeButton.setAttribute("aria-pressed", "true");
        foldFile(file, false);
      }
      go(file, true);
      if (line) {
        const cells = [...file.section.querySelectorAll("td.no.old")];
        const cell = cells.find((each) => each.dataset.no === String(line));
        if (cell) {
          for (const each of document.querySelectorAll("tr.here.linked")) {
            each.classList.remove("here", "linked");
          }
          cell.parentElement.classList.add("here", "linked");
          scrollTo(cell, innerHeight / 3);
        }
      }
    } else if (hash.startsWith("pass-")) tellWhy(hash.slice(5));
  };

  const redrawAll = () => {
    const at = Math.max(Math.floor(here()), 0);
    const anchor = shownFiles[at];
    const top = anchor?.section.getBoundingClientRect().top;
    const was = current && Math.abs(scrollY - current.at) < 2;
    for (const file of files) if (file.drawn) undraw(file);
    if (!anchor) return;
    drawNear(anchor);
    if (was && current.place !== null) return goTo(current.file, current.place);
    if (!was) current = null;
    hold(anchor.section, () => top);
    for (const file of shownFiles) {
      near.unobserve(file.section);
      near.observe(file.section);
    }
  };

  const setView = (name) => {
    split = name === "split";
    stored.set("view", name);
    document.querySelector(`input[name="view"][value="${name}"]`).checked = true;
    redrawAll();
  };

  // -- dialogs -------------------------------------------------------------------------------

  const tellWhy = (id) => {
    const about = document.querySelector(`[data-about="${CSS.escape(id)}"]`);
    if (!about) return;
    const copy = about.cloneNode(true);
    copy.removeAttribute("id");
    part("why-text").replaceChildren(copy);
    part("why").showModal();
  };

  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close(); // beside it
    });
  }

  const nextTheme = () => {
    setTheme(THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]);
    stored.set("theme", theme);
    tellTheme();
  };

  const SIGNS = { auto: "◐", light: "☀", dark: "☾" };
  const tellTheme = () => {
    const button = part("theme");
    button.textContent = SIGNS[theme];
    button.setAttribute("aria-label", `Colours: ${theme}`);
    button.title = `Colours: ${theme} (t)`;
  };

  // -- the keyboard --------------------------------------------------------------------------

  const KEYS = {
    j: () => stepFile(1),
    k: () => stepFile(-1),
    n: () => stepPlace(1),
    p: () => stepPlace(-1),
    v: () => {
      const file = shownFiles[Math.max(Math.floor(here()), 0)];
      if (!file?.tick) return;
      const next = shownFiles[shownFiles.indexOf(file) + 1];
      const yes = !viewed.has(file.id);
      view(file, yes);
      go(yes && next ? next : file);
    },
    o: () => {
      const file = shownFiles[Math.max(Math.floor(here()), 0)];
      if (file) foldFile(file, !file.folded);
    },
    x: () => {
      const file = shownFiles[Math.max(Math.floor(here()), 0)];
      if (!file) return;
      showWhole(file);
      go(file);
    },
    u: () => setView(split ? "unified" : "split"),
    f: () => document.querySelector('input[name="state"]:checked').focus(),
    r: () => part("tree").querySelector('[tabindex="0"]')?.focus(),
    t: nextTheme,
    "/": () => search.select(),
    "?": () => part("help").showModal(),
    Escape: clear,
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) {
      return;
    }
    const typing = event.target.matches?.('input[type="search"], select');
    if (event.key === "Escape" && typing) {
      if (search.value) {
        search.value = "";
        filter();
      }
      event.target.blur();
      return;
    }
    if (typing || !KEYS[event.key]) return;
    event.preventDefault();
    KEYS[event.key]();
  });

  // -- putting it together -------------------------------------------------------------------

  for (const [name, [label]] of Object.entries(STATES)) {
    const radio = el("input", { type: "radio", name: "state", value: name });
    radio.addEventListener("change", () => setState(name));
    part("states").append(
      el("label", {}, radio, el("span", {}, `${label} `, el("b", { "data-part": `count-${name}` }))),
    );
  }
  for (const [name, label] of [["unified", "Unified"], ["split", "Side by side"]]) {
    const radio = el("input", { type: "radio", name: "view", value: name });
    radio.checked = split === (name === "split");
    radio.addEventListener("change", () => setView(name));
    part("views").append(el("label", {}, radio, el("span", {}, label)));
  }
  for (const id of data.passes) passes.append(el("option", { value: id }, id));
  for (const row of document.querySelectorAll(".plot tr[data-pass]")) {
    const name = row.querySelector(".id");
    const button = el("button", { type: "button", class: "id", title: "Show these files alone" });
    button.textContent = name.textContent;
    button.addEventListener("click", () => {
      passes.value = passes.value === row.dataset.pass ? "" : row.dataset.pass;
      filter();
    });
    name.replaceWith(button);
  }
  home.append(
    ...files.map(makeSection),
    el("p", { class: "none", "data-part": "none", hidden: true }, "No file fits these filters. ",
      el("button", { type: "button", class: "plain", onclick: clear }, "Clear them")),
  );
  const byBox = new Map(files.map((file) => [file.section, file]));
  for (const file of files) if (file.body) undraw(file);
  tellTheme();
  setState("review");
  for (const file of files) if (file.body) near.observe(file.section);

  let waiting = 0;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(filter, 80);
  });
  passes.addEventListener("change", filter);
  part("unviewed").addEventListener("change", filter);
  part("folder").addEventListener("click", () => setFolder(folder));
  part("theme").addEventListener("click", nextTheme);
  part("keys").addEventListener("click", () => part("help").showModal());
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href^='#']");
    if (!link) {
      const cell = event.target.closest?.("td.no.old[data-no]");
      const file = cell && byBox.get(cell.closest(".file"));
      if (file && cell.dataset.no) {
        history.replaceState(null, "", `#${address(file.path)}:${cell.dataset.no}`);
      }
      return;
    }
    event.preventDefault();
    const hash = link.getAttribute("href").slice(1);
    if (hash.startsWith("pass-")) return tellWhy(hash.slice(5));
    if (link.dataset.go) return home.focus();
    const target = named(hash);
    if (target) go(target.file);
  });
  // in one of two columns, a selection takes that column alone
  home.addEventListener("mousedown", (event) => {
    const cell = event.target.closest("td.code");
    for (const each of home.querySelectorAll(".diff")) {
      each.classList.remove("pick-old", "pick-new");
      if (cell && each.contains(cell)) {
        each.classList.add(cell.classList.contains("old") ? "pick-old" : "pick-new");
      }
    }
  });
  addEventListener("hashchange", followHash);
  addEventListener("beforeprint", () => {
    for (const file of shownFiles) if (!file.drawn) draw(file);
  });
  new ResizeObserver(() => root.style.setProperty("--edge-top", `${edge()}px`)).observe(tools);
  if (location.hash) followHash();
  root.dataset.ready = "";
};

if (document.readyState === "loading") addEventListener("DOMContentLoaded", start);
else start();
