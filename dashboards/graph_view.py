"""A picture of a graph in which one node is chosen, by pointer or by keyboard."""

from __future__ import annotations

import param
from panel.custom import JSComponent


class GraphView(JSComponent):
    """svg: as components.core.drawing draws it, whose boxes carry `data-node`. node: the chosen one, "" for none."""

    svg = param.String(doc="The picture.")
    node = param.String(doc="The chosen node.")

    _esm = """
    export function render({ model }) {
      const place = document.createElement("div");
      place.style.cssText =
        "overflow:auto;max-height:560px;background:#fff;border:1px solid #c9ced6;border-radius:8px";
      place.tabIndex = 0;
      place.setAttribute("aria-label", "Picture of the graph, to scroll");
      const mark = () => {
        for (const box of place.querySelectorAll("[data-node]")) {
          const chosen = box.dataset.node === model.node;
          box.setAttribute("aria-pressed", String(chosen));
          box.querySelector("rect").style.strokeWidth = chosen ? 4 : "";
        }
      };
      const draw = () => {
        place.innerHTML = model.svg;
        for (const box of place.querySelectorAll("[data-node]")) {
          const choose = () => { model.node = box.dataset.node; };
          box.onclick = choose;
          box.setAttribute("tabindex", "0");
          box.setAttribute("role", "button");
          box.style.cursor = "pointer";
          box.onkeydown = (event) => {
            if (event.key !== "Enter" && event.key !== " ") return;
            event.preventDefault();
            choose();
          };
        }
        // Buttons are inside: for a reader the picture is a group, not one image.
        place.querySelector("svg")?.setAttribute("role", "group");
        mark();
        // Its first node is where one begins to read: in the middle once the picture is to be seen.
        const first = place.querySelector("[data-node]");
        if (first) new IntersectionObserver((seen, self) => {
          if (!seen[0].isIntersecting) return;
          self.disconnect();
          const [box, all] = [first.getBoundingClientRect(), place.getBoundingClientRect()];
          place.scrollTop += box.top - all.top - (all.height - box.height) / 2;
        }).observe(place);
      };
      model.on("svg", draw);
      model.on("node", mark);
      draw();
      return place;
    }
    """
