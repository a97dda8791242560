/** Finding among thousands of projects: what is compared is prepared once for each. */
import type { ProjectView } from '../bindings';
import { folded } from './fuzzy';
import { plain } from './text';

/** A name as it is shown, and its letters as they are compared. */
export interface Searchable {
  text: string;
  folded: string;
}

export function searchable(text: string): Searchable {
  return { text, folded: folded(text) };
}

const names = new WeakMap<ProjectView, Searchable>();
const folders = new WeakMap<ProjectView, string>();

/** A project's name; a view that changed is another one. */
export function nameOf(view: ProjectView): Searchable {
  let name = names.get(view);
  if (!name) {
    name = searchable(plain(view.name, 120));
    names.set(view, name);
  }
  return name;
}

function folderOf(view: ProjectView): string {
  let folder = folders.get(view);
  if (folder === undefined) {
    folder = folded(view.workspacePath);
    folders.set(view, folder);
  }
  return folder;
}

/** The projects of which name or folder has every word that was typed, in their order. */
export function filtered(projects: readonly ProjectView[], typed: string): readonly ProjectView[] {
  const words = folded(typed)
    .split(/\s+/)
    .filter((word) => word !== '');
  if (words.length === 0) return projects;
  return projects.filter((view) => {
    const name = nameOf(view).folded;
    return words.every((word) => name.includes(word) || folderOf(view).includes(word));
  });
}
