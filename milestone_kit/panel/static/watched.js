// The watched milestones, pinned on top of the table; one Tab stop, arrow keys go on from there. Text goes in
// through textContent only.
function line(row, chosen, ask) {
  const one = document.createElement("tr");
  one.dataset.id = row.id;
  one.tabIndex = -1;
  one.setAttribute("aria-selected", String(chosen));
  for (const [name, text] of Object.entries(row.cells)) {
    const cell = one.insertCell();
    cell.dataset.column = name;
    cell.textContent = text;
    cell.title = text;
  }
  const pick = () => ask({ kind: "pick", id: row.id });
  one.addEventListener("click", pick);
  one.addEventListener("keydown", (event) => {
    const other = { ArrowDown: one.nextElementSibling, ArrowUp: one.previousElementSibling }[event.key];
    if (event.key === "Enter" || event.key === " ") pick();
    else if (!other) return;
    event.preventDefault();
    if (!other) return;
    one.tabIndex = -1;
    other.tabIndex = 0;
    other.focus();
  });
  return one;
}

function render({ model, el }) {
  el.classList.add("mk-watched");
  const draw = () => {
    const view = model.get("view");
    const focused = el.contains(document.activeElement) ? document.activeElement.dataset.id : null;
    el.hidden = !view.words;
    if (!view.words) {
      el.replaceChildren();
      return;
    }
    const head = document.createElement("div");
    head.className = "mk-watched-head";
    const label = document.createElement("b");
    label.textContent = "Watched";
    const words = document.createElement("span");
    words.className = "mk-muted";
    words.setAttribute("role", "status");
    words.textContent = view.words;
    head.append(label, " ", words);
    const table = document.createElement("table");
    table.setAttribute("aria-label", "Watched milestones");
    const rows = view.rows.map((row) => line(row, view.selected.includes(row.id), (event) => model.send(event)));
    table.createTBody().append(...rows);
    el.replaceChildren(head, table);
    const stop = rows.find((one) => one.dataset.id === focused) ?? rows[0];
    if (stop) stop.tabIndex = 0;
    if (focused) stop?.focus({ preventScroll: true });
  };
  model.on("change:view", draw);
  draw();
  return () => model.off("change:view", draw);
}

export default { render };
