// The details of one milestone in a drawer over chart and table, placed where it can be seen and where the
// click was not. The kernel has escaped every word of the server in the HTML that comes.
const SMALLEST = 200; // pixels of height
const NARROW = 620; // pixels of the stage: the drawer takes all of its width

function render({ model, el: own }) {
  own.hidden = true;
  let el = null; // the box around
  let click = null; // where on the page
  let held = null; // a selector of what has the focus in here, "" where there is none for it
  let open = false; // whether the JSON is
  let timer = 0;

  const stage = () => el?.closest(".mk-stage");
  const place = () => {
    const host = stage();
    if (!host || !el.querySelector(".mk-card")) return;
    const box = host.getBoundingClientRect();
    let [top, bottom] = sight(host);
    const narrow = box.width < NARROW;
    if (narrow) {
      const middle = (top + bottom) / 2;
      if (click && click.y > middle) bottom = Math.max(middle, top + SMALLEST);
      else top = Math.max(Math.min(middle, bottom - SMALLEST), top);
    }
    const left = !narrow && click?.chart && click.x > box.left + box.width / 2;
    el.dataset.side = narrow ? "whole" : left ? "left" : "right";
    el.style.top = `${Math.max(top - box.top, 0)}px`;
    el.style.maxHeight = `${Math.max(bottom - top, SMALLEST)}px`;
  };
  const remember = (event) => {
    if (!stage()?.contains(event.target) || el.contains(event.target)) return;
    click = { x: event.clientX, y: event.clientY, chart: Boolean(event.target.closest(".mk-figure")) };
  };
  // other details have come, or none: what had the focus is another one by now, and keys must stay here
  const changed = () => {
    place();
    for (const one of el.querySelectorAll("details")) one.open = open;
    if (held === null || document.activeElement !== document.body) return;
    const same = held && el.querySelector(held);
    (same || el.closest(".mk-explorer"))?.focus({ preventScroll: true });
    if (!same) held = null;
  };
  const focused = ({ target }) => {
    held = target.dataset.act ? `[data-act="${target.dataset.act}"]` : target.localName === "summary" ? "summary" : "";
  };
  const left = ({ relatedTarget }) => {
    if (relatedTarget) held = null; // nothing follows where it was replaced
  };
  const toggled = ({ target }) => {
    open = target.open;
  };
  const pressed = (event) => {
    const button = event.target.closest("[data-act]");
    if (!button) return;
    const { act: kind, name, value } = button.dataset;
    if (kind === "close") model.send({ kind: "close" });
    else if (kind === "next" || kind === "previous") model.send({ kind: "step", by: kind === "next" ? 1 : -1 });
    else if (kind === "narrow") model.send({ kind: "narrow", name, value });
    else if (kind === "copy") copyFor(button, value);
  };
  const changes = new MutationObserver(changed);
  const attach = () => {
    el = own.closest(".mk-drawer");
    if (!el) {
      timer = setTimeout(attach, 20); // not in its place yet
      return;
    }
    el.setAttribute("role", "complementary");
    el.setAttribute("aria-label", "Details of one milestone");
    el.addEventListener("click", pressed);
    el.addEventListener("focusin", focused);
    el.addEventListener("focusout", left);
    el.addEventListener("toggle", toggled, true);
    changes.observe(el, { childList: true, subtree: true });
    place();
  };
  attach();
  document.addEventListener("pointerdown", remember, true);
  document.addEventListener("scroll", place, { capture: true, passive: true });
  window.addEventListener("resize", place);
  return () => {
    clearTimeout(timer);
    changes.disconnect();
    el?.removeEventListener("click", pressed);
    el?.removeEventListener("focusin", focused);
    el?.removeEventListener("focusout", left);
    el?.removeEventListener("toggle", toggled, true);
    document.removeEventListener("pointerdown", remember, true);
    document.removeEventListener("scroll", place, { capture: true });
    window.removeEventListener("resize", place);
  };
}

export default { render };
