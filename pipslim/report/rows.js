// One file as rows: which lines are shown, how they are coloured, what stands beside them.

const el = (tag, attributes = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value == null) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") node.className = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child != null));
  return node;
};

const plural = (count, one, many = one + "s") =>
  `${count.toLocaleString("en")} ${count === 1 ? one : many}`;

// What a reader would not see, or would see elsewhere than where it stands; a byte that was not
// UTF-8 is a lone surrogate. It stays in the text, to be copied, and its code is drawn over it.
const ODD = new RegExp(
  "[\\0-\\x08\\x0b-\\x1f\\x7f-\\xa0\\xad\\u061c\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u2069" +
    "\\ufeff\\ufff9-\\ufffb\\ufffe\\uffff]|[\\ud800-\\udbff](?![\\udc00-\\udfff])" +
    "|(?<![\\ud800-\\udbff])[\\udc00-\\udfff]",
  "g",
);

const code = (character) => {
  if (character === "\r") return "\\r";
  let number = character.charCodeAt(0);
  if (number >= 0xdc80 && number <= 0xdcff) number -= 0xdc00;
  const digits = number.toString(16);
  return number < 0x100 ? `\\x${digits.padStart(2, "0")}` : `\\u${digits.padStart(4, "0")}`;
};

const putText = (node, text) => {
  let done = 0;
  for (const match of text.matchAll(ODD)) {
    if (match.index > done) node.append(text.slice(done, match.index));
    const name = match[0] === "\r" ? "odd return" : "odd";
    node.append(el("span", { class: name, "data-shown": code(match[0]) }, match[0]));
    done = match.index + match[0].length;
  }
  if (done < text.length) node.append(text.slice(done));
};

// As above, with what stands between backticks as code.
const putProse = (node, text) =>
  text.split(/`([^`]*)`/).forEach((part, at) => {
    putText(at % 2 ? node.appendChild(el("code")) : node, part);
  });

const WORDS =
  /"(?:[^"\\]|\\.)*"|'[^']*'|\$\{[^}]*\}|\$\w+|(?<=^|\s)--?[A-Za-z][\w-]*|[\\`](?=\s*$)/g;
const KEYWORD = /^\s*(?:ONBUILD\s+)?[A-Za-z]+/i;

// Give what is coloured in a line: [start, end, class], in order.
const tokens = (text, kind) => {
  if (kind === "#") return [[0, text.length, "comment"]];
  const found = [];
  let from = 0;
  if (kind === "i") {
    from = (KEYWORD.exec(text) ?? [""])[0].length;
    if (from) found.push([0, from, "keyword"]);
  }
  for (const match of text.slice(from).matchAll(WORDS)) {
    const first = match[0][0];
    const name =
      first === "$" ? "variable" : first === "-" ? "flag" : /["']/.test(first) ? "string" : "dim";
    found.push([from + match.index, from + match.index + match[0].length, name]);
  }
  return found;
};

// Put a line into a cell; the odd parts of a list are what this side alone has.
const putLine = (cell, side, kind, tag) => {
  const parts = typeof side === "string" ? [side] : side;
  const coloured = tokens(parts.join(""), kind);
  let at = 0;
  parts.forEach((part, number) => {
    if (!part) return;
    const home = number % 2 ? cell.appendChild(el(tag)) : cell;
    const end = at + part.length;
    let done = at;
    for (const [start, stop, name] of coloured) {
      const low = Math.max(start, done);
      const high = Math.min(stop, end);
      if (low >= high) continue;
      if (low > done) putText(home, part.slice(done - at, low - at));
      const span = home.appendChild(el("span", { class: name }));
      putText(span, part.slice(low - at, high - at));
      done = high;
    }
    if (done < end) putText(home, part.slice(done - at));
    at = end;
  });
};

// Give all rows of a file: both sides, their numbers, and the change that each belongs to.
const allRows = (file) => {
  const rows = [];
  let at = 0;
  let shift = 0;
  const keep = (upto) => {
    for (; at < upto; at++) {
      const line = file.lines[at];
      const kind = file.kinds[at];
      rows.push({ old: line, new: line, o: at, n: at + shift, ko: kind, kn: kind, change: -1 });
    }
  };
  file.changes.forEach((change, number) => {
    keep(change.start);
    let fresh = 0;
    for (const [old, next] of change.rows) {
      const row = { old, new: next, o: -1, n: -1, ko: "", kn: "", change: number };
      if (old !== null) [row.o, row.ko] = [at, file.kinds[at++]];
      if (next !== null) {
        [row.n, row.kn] = [change.start + shift + fresh, change.kinds[fresh++]];
      }
      rows.push(row);
    }
    shift += fresh - (change.end - change.start);
  });
  keep(file.lines.length);
  return rows;
};

const AROUND = 3;

// Give the places of a file that call for a look, each with its rows and its notes.
const places = (file, rows) => {
  const found = file.changes.map((_, number) => ({ change: number, notes: [], first: -1, last: -1 }));
  rows.forEach((row, index) => {
    if (row.change < 0) return;
    const place = found[row.change];
    if (place.first < 0) place.first = index;
    place.last = index;
  });
  const lines = new Map();
  for (const note of file.notes) {
    if (note.at) {
      note.at.forEach((at, turn) => found[at].notes.push({ note, again: turn > 0 }));
      continue;
    }
    if (!lines.has(note.line)) lines.set(note.line, []);
    lines.get(note.line).push({ note, again: false });
  }
  for (const [line, notes] of lines) {
    const index = Math.max(rows.findIndex((row) => row.o === line), 0);
    found.push({ change: -1, notes, first: index, last: index });
  }
  return found.sort((one, other) => one.first - other.first);
};

// Give the stretches of rows to draw: {from, to, place?} or, where rows are left out, {hidden}.
const stretches = (rows, marked, whole, opened) => {
  const found = [];
  let at = 0;
  marked.forEach((place, number) => {
    const before = whole ? at : Math.max(at, place.first - AROUND);
    if (before > at) {
      if (before - at <= 2 || opened.has(at)) found.push({ from: at, to: before });
      else found.push({ from: at, to: before, hidden: true });
    }
    if (place.first > before) found.push({ from: before, to: place.first });
    const next = number + 1 < marked.length ? marked[number + 1].first : rows.length;
    const upto = whole ? next : Math.min(next, place.last + 1 + AROUND);
    found.push({ from: place.first, to: upto, place });
    at = upto;
  });
  if (at < rows.length) {
    const hide = !whole && rows.length - at > 2 && !opened.has(at);
    found.push({ from: at, to: rows.length, hidden: hide });
  }
  return found;
};

const number = (value, side) => el("td", { class: `no ${side}`, "data-no": value < 0 ? "" : value + 1 });

const side = (row, which) => {
  const value = which === "old" ? row.old : row.new;
  const changed = row.change >= 0;
  const cell = el("td", {
    class: `code ${which}${value === null ? " void" : changed ? (which === "old" ? " gone" : " put") : ""}`,
  });
  if (value !== null) {
    // a line that is new as a whole needs no marks, nor one that has nothing marked
    putLine(cell, value, which === "old" ? row.ko : row.kn, which === "old" ? "del" : "ins");
    if (!cell.firstChild) cell.append("");
  }
  return cell;
};

const splitRows = (rows) =>
  rows.map((row) =>
    el("tr", {}, number(row.o, "old"), side(row, "old"), number(row.n, "new"), side(row, "new")),
  );

const unifiedRows = (rows) => {
  const drawn = [];
  let put = [];
  const flush = () => {
    drawn.push(...put);
    put = [];
  };
  for (const row of rows) {
    if (row.change < 0) {
      flush();
      const cell = side(row, "new");
      cell.classList.add("both");
      drawn.push(el("tr", {}, number(row.o, "old"), number(row.n, "new"), cell));
      continue;
    }
    if (row.old !== null) {
      drawn.push(el("tr", {}, number(row.o, "old"), number(-1, "new"), side(row, "old")));
    }
    if (row.new !== null) {
      put.push(el("tr", {}, number(-1, "old"), number(row.n, "new"), side(row, "new")));
    }
  }
  flush();
  return drawn;
};

const noteBox = ({ note, again }) => {
  const held = !note.fixed;
  const head = el("p", { class: "name" });
  if (note.pass) head.append(el("span", { class: "id" }, note.pass));
  if (held || !note.pass) {
    head.append(el("span", { class: "tag" }, note.pass ? "held back" : "ignore comment"));
  }
  head.append(el("span", { class: "at", title: "line:column" }, note.place.join(":")));
  if (note.pass) {
    const label = `Why ${note.pass}, and its price`;
    head.append(
      el("a", { class: "why", href: `#pass-${note.pass}`, "aria-label": label }, "why"),
    );
  }
  const names = `note${held ? " held" : ""}${again ? " again" : ""}`;
  const box = el("div", { class: names, "data-pass": note.pass }, head);
  const text = box.appendChild(el("p"));
  if (note.fixed) {
    const fix = text.appendChild(el("span", { class: "fix" }));
    putProse(fix, note.fixed);
    if (again) return box;
    text.append(" – ");
  }
  putProse(text.appendChild(el("span", { class: "message" })), note.message);
  if (note.held) {
    text.append("; ");
    putProse(text.appendChild(el("span", { class: "reason" })), note.held);
  }
  return box;
};

// Tell whether each line of a file ends with a carriage return, so that none needs to be shown.
const hasReturns = (file) =>
  file.lines.every((line, at) => line.endsWith("\r") || (!file.ends && at === file.lines.length - 1));

// Draw what changes in a file. `split` is side by side; `opened` has the first rows of stretches
// that a reader has unfolded, `whole` unfolds all; `redraw` is called where one is.
const drawChanges = (file, { split, whole, opened, redraw }) => {
  const rows = allRows(file);
  const marked = places(file, rows);
  const home = el("div", { class: `diff ${split ? "split" : "unified"}` });
  if (hasReturns(file)) home.classList.add("returns");
  const make = split ? splitRows : unifiedRows;
  for (const stretch of stretches(rows, marked, whole, opened)) {
    const { from, to, place } = stretch;
    if (stretch.hidden) {
      const show = () => {
        opened.add(from);
        redraw();
      };
      const label = `${plural(to - from, "unchanged line")}`;
      home.append(el("button", { type: "button", class: "fold", onclick: show }, label));
      continue;
    }
    const body = el("tbody", {}, ...make(rows.slice(from, to)));
    const columns = split ? ["no", "", "no", ""] : ["no", "no", ""];
    const cols = el("colgroup", {}, ...columns.map((name) => el("col", { class: name })));
    const box = el("div", { class: "stretch" }, el("table", {}, cols, body));
    if (place) {
      box.classList.add("place");
      box.tabIndex = -1;
      box.setAttribute("role", "group");
      const line = rows[place.first];
      const what = place.change < 0 ? "Finding" : "Change";
      box.setAttribute("aria-label", `${what} at line ${Math.max(line.o, line.n) + 1}`);
      box.append(el("div", { class: "notes" }, ...place.notes.map(noteBox)));
    }
    home.append(box);
  }
  if (!file.ends) home.append(el("p", { class: "end" }, "no newline at the end of the file"));
  return home;
};

const drawError = (file) => {
  const home = el("div", { class: "diff" });
  const text = el("p", { class: "error", role: "note" });
  if (file.place) text.append(el("b", {}, `${file.place[0]}:${file.place[1]} `));
  if (file.pass) text.append(el("span", { class: "id" }, file.pass), " ");
  putText(text, file.error);
  home.append(text);
  if (file.lines) {
    const body = el("tbody");
    file.lines.forEach((line, index) => {
      const at = file.first + index;
      const cell = el("td", { class: "code" });
      putLine(cell, line, ".", "ins");
      const here = file.place[0] === at + 1;
      body.append(el("tr", { class: here ? "here" : null }, number(at, "old"), cell));
    });
    const cols = el("colgroup", {}, el("col", { class: "no" }), el("col"));
    home.append(el("div", { class: "stretch" }, el("table", {}, cols, body)));
  }
  return home;
};
