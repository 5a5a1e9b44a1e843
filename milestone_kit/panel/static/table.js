// One page of rows; sorting and paging are asked of the kernel. Text goes in through textContent only.
function header(column, sort, ask) {
  const cell = document.createElement("th");
  cell.scope = "col";
  cell.style.width = column.width;
  const active = sort.column === column.name;
  cell.setAttribute("aria-sort", active ? (sort.ascending ? "ascending" : "descending") : "none");
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = column.label + (active ? (sort.ascending ? " ▲" : " ▼") : "");
  button.addEventListener("click", () => ask({ kind: "sort", column: column.name }));
  cell.append(button);
  return cell;
}

function neighbour(line, key) {
  if (key === "ArrowDown") return line.nextElementSibling ?? line;
  if (key === "ArrowUp") return line.previousElementSibling ?? line;
  if (key === "Home") return line.parentElement.firstElementChild;
  return key === "End" ? line.parentElement.lastElementChild : null;
}

function body(view, ask) {
  const rows = view.rows.map((row) => {
    const line = document.createElement("tr");
    line.tabIndex = -1; // one Tab stop for all rows
    line.dataset.id = row.id;
    if (view.news.includes(row.id)) line.dataset.news = "true";
    line.setAttribute("aria-selected", String(view.selected.includes(row.id)));
    const pick = () => ask({ kind: "pick", id: row.id });
    line.addEventListener("click", pick);
    line.addEventListener("keydown", (event) => {
      const other = neighbour(line, event.key);
      if (event.key === "Enter" || event.key === " ") pick();
      else if (event.key === "PageDown" || event.key === "PageUp")
        ask({ kind: "page", page: view.page + (event.key === "PageDown" ? 1 : -1) });
      else if (!other) return;
      event.preventDefault();
      if (!other) return;
      line.tabIndex = -1;
      other.tabIndex = 0;
      other.focus();
    });
    row.cells.forEach((text, i) => {
      const cell = document.createElement("td");
      cell.dataset.column = view.columns[i].name;
      if (view.columns[i].name === "status") {
        const badge = document.createElement("span");
        badge.className = "mk-status";
        badge.dataset.status = text;
        badge.textContent = text;
        cell.append(badge);
      } else {
        cell.textContent = text;
        cell.title = text;
      }
      line.append(cell);
    });
    return line;
  });
  return rows;
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
    const place = active ? Array.from(el.querySelectorAll("tbody tr")).indexOf(active) : -1;
    const table = document.createElement("table");
    table.setAttribute("aria-label", "Milestones");
    const head = table.createTHead().insertRow();
    head.append(...view.columns.map((column) => header(column, view.sort, ask)));
    const rows = body(view, ask);
    table.createTBody().append(...rows);
    const parts = [table];
    if (!rows.length) {
      const note = document.createElement("div");
      note.className = "mk-empty";
      note.textContent = view.empty;
      parts.push(note);
    }
    el.replaceChildren(...parts, pager(view, ask));
    const same = rows.find((line) => line.dataset.id === active?.dataset.id);
    const stop = same ?? rows[place] ?? rows.find((_, i) => view.selected.includes(view.rows[i].id)) ?? rows[0];
    if (stop) stop.tabIndex = 0;
    if (place >= 0) stop?.focus({ preventScroll: true });
    if (focused) el.querySelector(`[aria-label="${focused}"]`)?.focus({ preventScroll: true });
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
