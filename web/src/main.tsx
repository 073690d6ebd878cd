import { render } from "preact";
import { App, Printed } from "./app";
import { followLinks } from "./route";
import { applyTheme, currentTheme } from "./settings";

const page = document.getElementById("page")!;
applyTheme(currentTheme());
render(<App />, page);
followLinks();

// Paper has no views to choose from: everything is printed.
addEventListener("beforeprint", () => {
  render(<Printed />, page);
  for (const each of document.querySelectorAll("details")) each.open = true;
});
addEventListener("afterprint", () => render(<App />, page));
