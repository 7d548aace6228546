"""A table in which one row can be chosen, by pointer or by keyboard."""

from __future__ import annotations

import param
from panel.custom import JSComponent


class PickTable(JSComponent):
    """columns: their names; figures and dates come as text. rows: one list of texts a row, in the order of `columns`.
    keys: of the rows. picked: the key of the chosen one, "" for none."""

    caption = param.String(doc="What the rows are, for who hears the table.")
    columns = param.List(item_type=str)
    rows = param.List(item_type=list)
    keys = param.List(item_type=str)
    picked = param.String(doc="The key of the chosen row.")

    _esm = """
    export function render({ model }) {
      const place = document.createElement("div");
      place.style.cssText =
        "overflow:auto;max-height:560px;background:#fff;border:1px solid #c9ced6;border-radius:8px";
      const cell = (name, text, row) => {
        const made = document.createElement(name);
        made.textContent = text;
        made.style.cssText = "text-align:left;padding:7px 12px;border-bottom:1px solid #c9ced6;white-space:nowrap";
        row.append(made);
        return made;
      };
      const mark = () => {
        for (const row of place.querySelectorAll("tr[data-key]")) {
          const chosen = row.dataset.key === model.picked;
          row.style.background = chosen ? "#dbe9f4" : "";
          row.querySelector("button").setAttribute("aria-pressed", String(chosen));
        }
      };
      const draw = () => {
        const table = document.createElement("table");
        table.style.cssText = "border-collapse:collapse;width:100%;font-size:.9rem";
        table.setAttribute("aria-label", model.caption);
        const head = table.createTHead().insertRow();
        for (const name of model.columns) cell("th", name, head).scope = "col";
        const body = table.createTBody();
        model.rows.forEach((texts, number) => {
          const row = body.insertRow();
          row.dataset.key = model.keys[number];
          row.style.cursor = "pointer";
          row.onclick = () => { model.picked = row.dataset.key; };
          texts.forEach((text, column) => {
            if (column) return cell("td", text, row);
            const button = document.createElement("button");
            button.type = "button";
            button.textContent = text;
            button.style.cssText =
              "font:inherit;border:0;background:none;padding:0;color:#005a8e;text-decoration:underline;cursor:pointer";
            cell("td", "", row).append(button);
          });
        });
        place.replaceChildren(table);
        mark();
      };
      // Columns, rows and keys change together: drawn once, when all of them are here.
      model.on("rows", () => queueMicrotask(draw));
      model.on("picked", mark);
      draw();
      return place;
    }
    """
