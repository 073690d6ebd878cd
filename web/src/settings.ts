// What a reader chooses: the colours and the editor. Kept in the browser where that is allowed.

export interface Editor {
  name: string;
  link: (path: string, line: number, column: number) => string;
}

const encoded = (path: string) => path.split("/").map(encodeURIComponent).join("/").replaceAll("%3A", ":");

export const EDITORS: Editor[] = [
  { name: "VS Code", link: (path, line, column) => `vscode://file/${encoded(path).replace(/^\//, "")}:${line}:${column}` },
  { name: "Cursor", link: (path, line, column) => `cursor://file/${encoded(path).replace(/^\//, "")}:${line}:${column}` },
  { name: "PyCharm", link: (path, line) => `pycharm://open?file=${encodeURIComponent(path)}&line=${line}` },
  { name: "Zed", link: (path, line, column) => `zed://file/${encoded(path).replace(/^\//, "")}:${line}:${column}` },
  { name: "Sublime Text", link: (path, line, column) => `subl://open?url=file://${encoded(path)}&line=${line}&column=${column}` },
];

export function stored(key: string): string | null {
  try {
    return localStorage.getItem(`torchdraft.${key}`);
  } catch {
    return null; // a frame of a notebook has no storage
  }
}

export function store(key: string, value: string): void {
  try {
    localStorage.setItem(`torchdraft.${key}`, value);
  } catch {
    // the choice holds until the page is closed
  }
}

let editor = EDITORS.find((each) => each.name === stored("editor")) ?? EDITORS[0];
export const currentEditor = (): Editor => editor;
export function chooseEditor(name: string): void {
  editor = EDITORS.find((each) => each.name === name) ?? EDITORS[0];
  store("editor", editor.name);
}

export type Theme = "auto" | "light" | "dark";
export const currentTheme = (): Theme => (stored("theme") as Theme | null) ?? "auto";
export function applyTheme(theme: Theme): void {
  store("theme", theme);
  document.documentElement.dataset.theme = theme;
}
