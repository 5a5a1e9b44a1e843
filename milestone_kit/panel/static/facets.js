// Check lists with counts. Server text goes in through textContent only.
function option(facet, item, most, toggle) {
  const row = document.createElement("label");
  row.className = "mk-option" + (item.count ? "" : " mk-none");
  const box = document.createElement("input");
  box.type = "checkbox";
  box.checked = facet.chosen.includes(item.value);
  box.dataset.value = item.value;
  box.addEventListener("change", () => toggle(item.value, box.checked));
  const name = document.createElement("span");
  name.className = "mk-name";
  name.textContent = item.value;
  name.title = item.value;
  const count = document.createElement("span");
  count.className = "mk-count";
  count.textContent = item.count.toLocaleString("en-US");
  const bar = document.createElement("span");
  bar.className = "mk-bar";
  bar.style.width = `${most ? (100 * item.count) / most : 0}%`;
  row.append(box, name, count, bar);
  return row;
}

function fieldset(facet, change) {
  const set = document.createElement("fieldset");
  set.className = "mk-facet";
  set.dataset.facet = facet.name;
  const legend = document.createElement("legend");
  const title = document.createElement("span");
  title.textContent = facet.label;
  legend.append(title);
  if (facet.chosen.length) {
    const clear = document.createElement("button");
    clear.type = "button";
    clear.textContent = "clear";
    clear.setAttribute("aria-label", `Clear ${facet.label}`);
    clear.addEventListener("click", () => change(facet.name, []));
    legend.append(clear);
  }
  const options = document.createElement("div");
  options.className = "mk-options";
  const most = Math.max(...facet.options.map((item) => item.count), 0);
  const toggle = (value, on) =>
    change(facet.name, on ? [...facet.chosen, value] : facet.chosen.filter((other) => other !== value));
  options.append(...facet.options.map((item) => option(facet, item, most, toggle)));
  if (facet.hidden) {
    const more = document.createElement("div");
    more.className = "mk-option mk-none";
    more.textContent = `${facet.hidden.toLocaleString("en-US")} rarer values: search or set from code`;
    options.append(more);
  }
  set.append(legend, options);
  return set;
}

function render({ model, el }) {
  const change = (name, chosen) => {
    model.set("chosen", { ...model.get("chosen"), [name]: chosen });
    model.save_changes();
  };
  const draw = () => {
    const scrolls = {};
    for (const set of el.querySelectorAll("fieldset"))
      scrolls[set.dataset.facet] = set.querySelector(".mk-options").scrollTop;
    const active = document.activeElement;
    const focus = el.contains(active) && active.dataset.value !== undefined
      ? [active.closest("fieldset").dataset.facet, active.dataset.value]
      : null;
    const chosen = model.get("chosen");
    el.replaceChildren(
      ...model.get("facets").map((facet) => fieldset({ ...facet, chosen: chosen[facet.name] ?? [] }, change)),
    );
    for (const set of el.querySelectorAll("fieldset")) {
      set.querySelector(".mk-options").scrollTop = scrolls[set.dataset.facet] ?? 0;
      if (focus && set.dataset.facet === focus[0])
        for (const box of set.querySelectorAll("input")) if (box.dataset.value === focus[1]) box.focus({ preventScroll: true });
    }
  };
  // checks set from code may leave every count as it was
  model.on("change:facets change:chosen", draw);
  draw();
  return () => model.off("change:facets change:chosen", draw);
}

export default { render };
