// The wheel scrolls the page, as everywhere; it zooms the chart with Ctrl or Cmd, or from a click into the
// chart until the pointer leaves it.
function holdWheel(root) {
  let entered = null; // the chart that was clicked
  const figure = (event) => event.target.closest?.(".mk-figure") ?? null;
  const pressed = (event) => {
    entered = figure(event);
  };
  // by its place: while plotly drags, it lays a cover over the page that takes all events
  const moved = ({ clientX, clientY }) => {
    if (!entered) return;
    const { left, top, right, bottom } = entered.getBoundingClientRect();
    if (clientX < left || clientX > right || clientY < top || clientY > bottom) entered = null;
  };
  const turned = (event) => {
    if (!figure(event)) return;
    if (event.ctrlKey || event.metaKey || entered) event.preventDefault(); // neither page zoom nor scrolling
    else event.stopImmediatePropagation(); // plotly does not hear of it
  };
  root.addEventListener("pointerdown", pressed, true);
  document.addEventListener("pointermove", moved, true);
  root.addEventListener("wheel", turned, { capture: true, passive: false });
  return () => {
    root.removeEventListener("pointerdown", pressed, true);
    document.removeEventListener("pointermove", moved, true);
    root.removeEventListener("wheel", turned, { capture: true });
  };
}
