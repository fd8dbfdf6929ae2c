// Painting over the pixels of an image: the value is the places that are painted, row by row.
const { rows, columns } = props;
const reach = Math.floor(Math.max(rows, columns) / 24);
let painted = new Set(props.value || []);
let erases = null; // While a stroke goes on: whether it takes paint away.
let last = null;

const canvas = () => element.querySelector("canvas");

function show() {
  const context = canvas().getContext("2d");
  context.clearRect(0, 0, columns, rows);
  context.fillStyle = "rgba(255, 120, 0, 0.75)";
  for (const place of painted) {
    context.fillRect(place % columns, Math.floor(place / columns), 1, 1);
  }
}

function pixelOf(event) {
  const box = canvas().getBoundingClientRect();
  const at = (share, count) => Math.min(count - 1, Math.max(0, Math.floor(share * count)));
  return [
    at((event.clientX - box.left) / box.width, columns),
    at((event.clientY - box.top) / box.height, rows),
  ];
}

function paintAround([x, y]) {
  for (let row = Math.max(0, y - reach); row <= Math.min(rows - 1, y + reach); row++) {
    for (let column = Math.max(0, x - reach); column <= Math.min(columns - 1, x + reach); column++) {
      const place = row * columns + column;
      erases ? painted.delete(place) : painted.add(place);
    }
  }
}

function strokeTo(pixel) {
  const [x0, y0] = last || pixel;
  const steps = Math.max(1, Math.abs(pixel[0] - x0), Math.abs(pixel[1] - y0));
  for (let i = 0; i <= steps; i++) {
    const along = (from, to) => Math.round(from + ((to - from) * i) / steps);
    paintAround([along(x0, pixel[0]), along(y0, pixel[1])]);
  }
  last = pixel;
  show();
}

function tell() {
  props.value = [...painted].sort((a, b) => a - b);
}

element.addEventListener("pointerdown", (event) => {
  if (event.target !== canvas()) return;
  const pixel = pixelOf(event);
  erases = painted.has(pixel[1] * columns + pixel[0]);
  event.target.setPointerCapture(event.pointerId);
  strokeTo(pixel);
});
element.addEventListener("pointermove", (event) => {
  if (erases !== null) strokeTo(pixelOf(event));
});
for (const end of ["pointerup", "pointercancel"]) {
  element.addEventListener(end, () => {
    if (erases === null) return;
    erases = last = null;
    tell();
  });
}
element.addEventListener("click", (event) => {
  if (event.target.tagName !== "BUTTON") return;
  painted = new Set();
  show();
  tell();
});
// Another image has come: what was painted on the last one is gone.
watch(["value", "picture"], () => {
  painted = new Set(props.value || []);
  show();
});
show();
