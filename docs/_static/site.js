// Puts living explorers in the place of their pictures, and lets what is wider than the page scroll by itself, by keyboard, too.

// All that an explorer needs stands in the page: no kernel, no network.
async function live(place) {
  const { state, buffers } = JSON.parse(place.querySelector("script").textContent);
  for (const { path, data } of buffers)
    state[path[0]] = new DataView(Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0)).buffer);
  const source = URL.createObjectURL(new Blob([state._esm], { type: "text/javascript" }));
  const { default: widget } = await import(source);
  const el = document.createElement("div");
  const style = document.createElement("style");
  style.textContent = state._css;
  await widget.render({ model: { get: (name) => state[name] }, el });
  place.replaceChildren(style, el);
}

function wide(node) {
  const frame = document.createElement("div");
  frame.className = "wide";
  frame.tabIndex = 0;
  node.replaceWith(frame);
  frame.append(node);
}

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll(".explorer").forEach(live);
  document.querySelectorAll(".bd-article table").forEach(wide);
  document.querySelectorAll(".bd-article div.highlight > pre").forEach((code) => (code.tabIndex = 0));
});
