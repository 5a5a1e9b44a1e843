// One page of rows, as a table or day by day; sorting and paging are asked of the kernel. Text goes in
// through textContent only.
function header(column, sort, ask) {
  const cell = document.createElement("th");
  cell.scope = "col";
  cell.style.width = column.width;
  cell.dataset.column = column.name;
  if (!column.sorts) {
    cell.textContent = column.label;
    return cell;
  }
  const active = sort.column === column.name;
  cell.setAttribute("aria-sort", active ? (sort.ascending ? "ascending" : "descending") : "none");
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = column.label + (active ? (sort.ascending ? " ▲" : " ▼") : "");
  button.addEventListener("click", () => ask({ kind: "sort", column: column.name }));
  cell.append(button);
  return cell;
}

function neighbour(lines, line, key) {
  const at = lines.indexOf(line);
  if (key === "ArrowDown") return lines[at + 1] ?? line;
  if (key === "ArrowUp") return lines[at - 1] ?? line;
  if (key === "Home") return lines[0];
  return key === "End" ? lines.at(-1) : null;
}

// One Tab stop for all rows, and from there to the links of that row
function stopAt(line, tabIndex) {
  line.tabIndex = tabIndex;
  for (const one of line.querySelectorAll("a, button")) one.tabIndex = tabIndex;
}

function filled(cell, row, name, text, pick) {
  if (name === "tickers") tickerCell(cell, row.tickers, text, pick);
  else if (name === "status") {
    const badge = document.createElement("span");
    badge.className = "mk-status";
    badge.dataset.status = text;
    badge.textContent = text;
    cell.append(badge);
  } else {
    written(cell, text, row.marks[name]);
    cell.title = text;
  }
}

function body(view, ask) {
  const lines = view.rows.map((row) => {
    const line = document.createElement("tr");
    line.dataset.id = row.id;
    if (view.news.includes(row.id)) line.dataset.news = "true";
    if (view.watched.includes(row.id)) line.dataset.watched = "true";
    line.setAttribute("aria-selected", String(view.selected.includes(row.id)));
    const pick = () => ask({ kind: "pick", id: row.id });
    line.addEventListener("click", (event) => event.target.closest("a, button") || pick());
    line.addEventListener("keydown", (event) => {
      const other = neighbour(lines, line, event.key);
      const own = event.target === line; // and not one of its links
      if (own && (event.key === "Enter" || event.key === " ")) pick();
      else if (event.key === "PageDown" || event.key === "PageUp")
        ask({ kind: "page", page: view.page + (event.key === "PageDown" ? 1 : -1) });
      else if (!other) return;
      event.preventDefault();
      if (!other) return;
      stopAt(line, -1);
      stopAt(other, 0);
      other.focus();
    });
    row.cells.forEach((text, i) => {
      const cell = document.createElement("td");
      const { name } = view.columns[i];
      cell.dataset.column = name;
      filled(cell, row, name, text, pick);
      line.append(cell);
    });
    stopAt(line, -1);
    return line;
  });
  return lines;
}

// The rows of an agenda under the days on which they begin
function daily(view, lines) {
  return lines.flatMap((line, i) => {
    if (!view.days.length || view.days[i] === view.days[i - 1]) return [line];
    const heading = document.createElement("tr");
    heading.className = "mk-day";
    const cell = document.createElement("th");
    cell.scope = "rowgroup";
    cell.textContent = view.days[i];
    heading.append(cell);
    return [heading, line];
  });
}

function forms(view, ask) {
  const bar = document.createElement("div");
  bar.className = "mk-forms mk-toolbar";
  bar.setAttribute("role", "group");
  bar.setAttribute("aria-label", "How milestones are listed");
  for (const [name, label] of [["table", "Table"], ["agenda", "Agenda"]]) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = label;
    button.setAttribute("aria-label", label); // by which it has the focus again
    button.setAttribute("aria-pressed", String(view.form === name));
    button.addEventListener("click", () => ask({ kind: "form", name }));
    bar.append(button);
  }
  return bar;
}

function emptiness(view, ask) {
  const note = document.createElement("div");
  note.className = "mk-empty";
  const words = document.createElement("p");
  words.textContent = view.empty;
  note.append(words);
  for (const { label, ...event } of view.ways) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = label;
    button.addEventListener("click", () => ask(event));
    note.append(button);
  }
  return note;
}

function pager(view, ask) {
  const bar = document.createElement("div");
  bar.className = "mk-pager";
  const step = (label, name, page, enabled) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = label;
    button.setAttribute("aria-label", name);
    button.disabled = !enabled;
    button.addEventListener("click", () => ask({ kind: "page", page }));
    return button;
  };
  const only = document.createElement("label");
  only.className = "mk-only";
  const box = document.createElement("input");
  box.type = "checkbox";
  box.checked = view.windowed;
  box.setAttribute("aria-label", "Only this window");
  box.addEventListener("change", () => ask({ kind: "windowed", only: box.checked }));
  only.append(box, "Only this window");
  const last = view.pages - 1;
  const where = document.createElement("span");
  where.className = "mk-where";
  where.textContent = view.where;
  bar.append(
    step("«", "First page", 0, view.page > 0),
    step("‹", "Previous page", view.page - 1, view.page > 0),
    where,
    step("›", "Next page", view.page + 1, view.page < last),
    step("»", "Last page", last, view.page < last),
    only,
  );
  return bar;
}

function render({ model, el }) {
  el.classList.add("mk-table");
  const ask = (message) => model.send(message);
  const draw = () => {
    const view = model.get("view");
    const active = el.contains(document.activeElement) ? document.activeElement : null;
    const focused = active?.getAttribute("aria-label");
    const held = active?.closest("tbody tr[data-id]"); // the row that has the focus
    const place = held ? Array.from(el.querySelectorAll("tbody tr[data-id]")).indexOf(held) : -1;
    const table = document.createElement("table");
    table.setAttribute("aria-label", "Milestones");
    table.dataset.form = view.form;
    const head = table.createTHead().insertRow();
    head.append(...view.columns.map((column) => header(column, view.sort, ask)));
    const rows = body(view, ask);
    table.createTBody().append(...daily(view, rows));
    const parts = rows.length ? [table] : [table, emptiness(view, ask)];
    el.replaceChildren(forms(view, ask), ...parts, pager(view, ask));
    const same = rows.find((line) => line.dataset.id === held?.dataset.id);
    const stop = same ?? rows[place] ?? rows.find((_, i) => view.selected.includes(view.rows[i].id)) ?? rows[0];
    if (stop) stopAt(stop, 0);
    if (place >= 0) stop?.focus({ preventScroll: true });
    if (focused) el.querySelector(`[aria-label="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  };
  // what begins within two minutes is counted down by the second, by the kernel's clock
  let ahead = 0;
  let timer = 0;
  const count = () => {
    for (const row of model.get("view").rows) {
      if (row.begins === null) continue;
      const left = Math.round((row.begins - (Date.now() - ahead)) / 1000);
      const cell = el.querySelector(`tr[data-id="${CSS.escape(row.id)}"] [data-column="when"]`);
      if (cell && left < 60) cell.textContent = left > 0 ? `in ${left} s` : "now";
    }
  };
  const show = () => {
    draw();
    const view = model.get("view");
    ahead = Date.now() - view.now;
    clearInterval(timer);
    if (view.rows.some((row) => row.begins !== null))
      timer = setInterval(() => document.visibilityState === "visible" && el.offsetParent && count(), 1000);
  };
  model.on("change:view", show);
  show();
  return () => {
    clearInterval(timer);
    model.off("change:view", show);
  };
}

export default { render };
