/**
 * Everything that can be asked for, in one table: keys, the palette and the native menu run the
 * same functions and agree on when they can act.
 */
import type { MilestoneView, ProjectView } from '../bindings';
import type { IconName } from '../components/Icon.svelte';
import type { Key } from '../i18n/index.svelte';
import type { Chosen } from '../ipc';
import type { Keyed } from '../terminal/keys';
import type { App } from './app.svelte';
import { queueCount } from './queue';
import { moveRegion } from './regions';
import { copy, jumpTo, paste, pasteSelection, saveScrollback } from './terminal-actions';
import { claudeIsOpen } from './terminals';

/** What an action is about; what is missing is the project in front. */
export type ActionTarget = Omit<Chosen, 'action'>;

interface AppAction {
  about: 'app';
  label: Key;
  icon: IconName;
  /** Not listed in the palette: it belongs to a place, or has no meaning there. */
  unlisted?: true;
  when?: (app: App) => boolean;
  run: (app: App, target: ActionTarget) => unknown;
}

interface ProjectAction {
  about: 'project';
  label: Key;
  icon: IconName;
  second?: Key;
  unlisted?: true;
  when?: (app: App, view: ProjectView) => boolean;
  run: (app: App, view: ProjectView) => unknown;
}

interface MilestoneAction {
  about: 'milestone';
  label: Key;
  icon: IconName;
  when?: (app: App, milestone: MilestoneView, view: ProjectView) => boolean;
  run: (app: App, milestone: MilestoneView, target: ActionTarget) => unknown;
}

export type ActionSpec = AppAction | ProjectAction | MilestoneAction;

const terminalShown = (app: App) => app.session?.shown !== undefined;
/** The bar stands before the terminal, and nothing before the bar. */
const isFinding = (app: App) => app.finding !== null && app.settings === null;
const open = (_app: App, view: ProjectView) => claudeIsOpen(view);
const closed = (_app: App, view: ProjectView) => !claudeIsOpen(view);
/** A person types into it: an unattended run takes no commands. */
const takesCommands = (view: ProjectView) => claudeIsOpen(view) && view.live?.run == null;

function inFront(app: App, view: ProjectView): void {
  if (view.id !== app.selectedId) app.select(view.id);
}

export const ACTIONS = {
  openFolder: {
    about: 'app',
    label: 'sidebar.open',
    icon: 'folder',
    run: (app) => app.openFolder(),
  },
  palette: {
    about: 'app',
    label: 'palette',
    icon: 'search',
    unlisted: true,
    run: (app) => {
      app.togglePalette();
    },
  },
  settings: {
    about: 'app',
    label: 'settings',
    icon: 'gear',
    run: (app) => {
      app.openSettings();
    },
  },
  sidebar: {
    about: 'app',
    label: 'action.sidebar',
    icon: 'side',
    run: (app) => app.prefer({ sidebarCollapsed: !(app.preferences?.sidebarCollapsed ?? false) }),
  },
  milestones: {
    about: 'app',
    label: 'action.milestones',
    icon: 'panel',
    run: (app) => {
      app.togglePanel();
    },
  },
  showMilestones: {
    about: 'app',
    label: 'milestones',
    icon: 'panel',
    unlisted: true,
    run: (app) => {
      app.togglePanel(true);
    },
  },
  nextNeedsYou: {
    about: 'app',
    label: 'action.nextNeedsYou',
    icon: 'bell',
    when: (app) => app.needsYou.length > 0,
    run: (app) => {
      app.showNextNeedsYou();
    },
  },
  previousProject: {
    about: 'app',
    label: 'action.previousProject',
    icon: 'up',
    unlisted: true,
    run: (app) => {
      app.selectBy(-1);
      app.focusTerminal();
    },
  },
  nextProject: {
    about: 'app',
    label: 'action.nextProject',
    icon: 'down',
    unlisted: true,
    run: (app) => {
      app.selectBy(1);
      app.focusTerminal();
    },
  },
  project: {
    about: 'app',
    label: 'action.nextProject',
    icon: 'folder',
    unlisted: true,
    run: (app, { index }) => {
      const project = app.projects[index ?? -1];
      if (!project) return;
      app.select(project.id);
      app.focusTerminal();
    },
  },
  find: {
    about: 'app',
    label: 'action.find',
    icon: 'search',
    when: terminalShown,
    run: (app) => {
      app.findOpen = terminalShown(app);
      app.finding?.focus();
    },
  },
  findNext: {
    about: 'app',
    label: 'find.next',
    icon: 'down',
    unlisted: true,
    when: isFinding,
    run: (app) => app.finding?.go(true),
  },
  findPrevious: {
    about: 'app',
    label: 'find.previous',
    icon: 'up',
    unlisted: true,
    when: isFinding,
    run: (app) => app.finding?.go(false),
  },
  previousTurn: {
    about: 'app',
    label: 'action.previousTurn',
    icon: 'up',
    when: terminalShown,
    run: (app) => jumpTo(app, false),
  },
  nextTurn: {
    about: 'app',
    label: 'action.nextTurn',
    icon: 'down',
    when: terminalShown,
    run: (app) => jumpTo(app, true),
  },
  saveScrollback: {
    about: 'app',
    label: 'saveScrollback',
    icon: 'file',
    when: terminalShown,
    run: (app) => saveScrollback(app, false),
  },
  saveColoured: {
    about: 'app',
    label: 'saveColoured',
    icon: 'file',
    when: terminalShown,
    run: (app) => saveScrollback(app, true),
  },
  copy: {
    about: 'app',
    label: 'copy',
    icon: 'copy',
    unlisted: true,
    run: (app) => copy(app),
  },
  paste: {
    about: 'app',
    label: 'action.paste',
    icon: 'copy',
    unlisted: true,
    run: (app) => paste(app),
  },
  pasteSelection: {
    about: 'app',
    label: 'action.pasteSelection',
    icon: 'copy',
    unlisted: true,
    run: (app) => pasteSelection(app),
  },
  zoomIn: { about: 'app', label: 'action.zoomIn', icon: 'plus', run: (app) => app.zoom(1) },
  zoomOut: { about: 'app', label: 'action.zoomOut', icon: 'minus', run: (app) => app.zoom(-1) },
  zoomReset: { about: 'app', label: 'action.zoomReset', icon: 'search', run: (app) => app.zoom(0) },
  nextRegion: {
    about: 'app',
    label: 'action.nextRegion',
    icon: 'down',
    unlisted: true,
    run: (app) => moveRegion(1, () => app.focusTerminal()),
  },
  previousRegion: {
    about: 'app',
    label: 'action.previousRegion',
    icon: 'up',
    unlisted: true,
    run: (app) => moveRegion(-1, () => app.focusTerminal()),
  },
  toggleCloseToTray: {
    about: 'app',
    label: 'action.closeToTray',
    icon: 'close',
    run: (app) => app.prefer({ closeToTray: !(app.preferences?.closeToTray ?? true) }),
  },
  toggleNotifications: {
    about: 'app',
    label: 'action.notifications',
    icon: 'bell',
    run: (app) => app.prefer({ notifications: !(app.preferences?.notifications ?? true) }),
  },
  toggleScreenReader: {
    about: 'app',
    label: 'action.screenReader',
    icon: 'terminal',
    run: (app) => app.preferTerminal({ screenReader: !app.look.screenReader }),
  },
  closeWindow: {
    about: 'app',
    label: 'closing.doKeep',
    icon: 'close',
    run: (app) => {
      app.requestClose();
    },
  },

  openProject: {
    about: 'project',
    label: 'action.openProject',
    icon: 'folder',
    unlisted: true,
    run: (app, view) => {
      app.select(view.id);
      app.focusTerminal();
    },
  },
  newMilestone: {
    about: 'project',
    label: 'milestone.new',
    icon: 'plus',
    run: (app, view) => (app.dialog = { kind: 'newMilestone', projectId: view.id }),
  },
  queueCommand: {
    about: 'project',
    label: 'queue.put',
    icon: 'queue',
    when: (_app, view) => view.live?.run == null,
    run: (app, view) => (app.dialog = { kind: 'queue', projectId: view.id }),
  },
  clearQueue: {
    about: 'project',
    label: 'queue.clear',
    icon: 'queue',
    when: (_app, view) => queueCount(view.live?.queue ?? []) > 0,
    run: (app, view) => app.works.change(view.id, { op: 'clear' }),
  },
  startSession: {
    about: 'project',
    label: 'project.restart',
    icon: 'repeat',
    when: closed,
    run: (app, view) => {
      inFront(app, view);
      const session = app.session;
      if (session && session.phase !== 'opening') void session.start(null);
      app.focusTerminal();
    },
  },
  restartSession: {
    about: 'project',
    label: 'action.restart',
    icon: 'repeat',
    second: 'action.restartWhat',
    when: open,
    run: (app, view) => {
      inFront(app, view);
      const idle = view.live?.state.state === 'idle' && !view.live.background;
      if (idle) void app.restart(view.id);
      else app.dialog = { kind: 'restart', projectId: view.id };
    },
  },
  endSession: {
    about: 'project',
    label: 'project.end',
    icon: 'close',
    when: open,
    run: (app, view) => (app.dialog = { kind: 'end', projectId: view.id }),
  },
  forkSession: {
    about: 'project',
    label: 'action.fork',
    icon: 'repeat',
    second: 'action.forkWhat',
    when: (_app, view) => takesCommands(view),
    run: (app, view) => app.works.send(view.id, '/branch'),
  },
  newShell: {
    about: 'project',
    label: 'project.newShell',
    icon: 'terminal',
    run: (app, view) => {
      inFront(app, view);
      return app.attempt(async () => app.session?.newShell()).then(() => app.focusTerminal());
    },
  },
  renameProject: {
    about: 'project',
    label: 'project.rename',
    icon: 'edit',
    run: (app, view) => (app.renaming = view.id),
  },
  locateFolder: {
    about: 'project',
    label: 'project.locate',
    icon: 'folder',
    run: (app, view) => app.locate(view.id),
  },
  toggleMute: {
    about: 'project',
    label: 'project.mute',
    icon: 'bellOff',
    run: (app, view) => app.mute(view.id, !view.muted),
  },
  restorePhases: {
    about: 'project',
    label: 'restore.open',
    icon: 'restore',
    when: (app, view) => (app.works.of(view.id)?.backups.length ?? 0) > 0,
    run: (app, view) => (app.dialog = { kind: 'restore', projectId: view.id }),
  },
  milestoneCommand: {
    about: 'project',
    label: 'command.open',
    icon: 'send',
    run: (app, view) => (app.dialog = { kind: 'milestoneCommand', projectId: view.id }),
  },
  removeProject: {
    about: 'project',
    label: 'project.remove',
    icon: 'cross',
    run: (app, view) => (app.dialog = { kind: 'remove', projectId: view.id }),
  },

  startMilestone: {
    about: 'milestone',
    label: 'milestone.start',
    icon: 'send',
    when: (_app, _milestone, view) => view.live?.run == null,
    run: (app, milestone) => app.works.start(milestone),
  },
  runUnattended: {
    about: 'milestone',
    label: 'milestone.unattended',
    icon: 'run',
    when: (_app, _milestone, view) => !claudeIsOpen(view),
    run: (app, milestone) =>
      (app.dialog = {
        kind: 'unattended',
        projectId: milestone.projectId,
        milestoneId: milestone.id,
      }),
  },
  openContext: {
    about: 'milestone',
    label: 'milestone.openContext',
    icon: 'file',
    run: (app, milestone) => {
      app.works.openContext(milestone);
    },
  },
  openMilestoneFolder: {
    about: 'milestone',
    label: 'milestone.openFolder',
    icon: 'folder',
    run: (app, milestone) => {
      app.works.openFolder(milestone);
    },
  },
  renameMilestone: {
    about: 'milestone',
    label: 'project.rename',
    icon: 'edit',
    run: (app, milestone) => {
      app.togglePanel(true);
      app.renamingMilestone = milestone.id;
    },
  },
  setStatus: {
    about: 'milestone',
    label: 'milestone.status',
    icon: 'half',
    run: (app, milestone, { status }) =>
      status === undefined ? undefined : app.works.setStatus(milestone, status),
  },
} as const satisfies Record<string, ActionSpec> & Record<Keyed, ActionSpec>;

export type ActionId = keyof typeof ACTIONS;

function isAction(name: string): name is ActionId {
  return Object.hasOwn(ACTIONS, name);
}

/** Whether it would do something now. */
export function canRun(app: App, id: ActionId, target: ActionTarget = {}): boolean {
  const spec: ActionSpec = ACTIONS[id];
  if (spec.about === 'app') return spec.when?.(app) ?? true;
  if (spec.about === 'project') {
    const view = app.project(target.projectId ?? app.selectedId);
    return view !== undefined && (spec.when?.(app, view) ?? true);
  }
  const found =
    target.milestoneId === undefined ? undefined : app.works.milestone(target.milestoneId);
  const view = found && app.project(found.projectId);
  return (
    found !== undefined && view !== undefined && (spec.when?.(app, found.milestone, view) ?? true)
  );
}

/** What still makes sense while a dialog stands in front of everything. */
const DURING_DIALOG: readonly string[] = [
  'copy',
  'paste',
  'pasteSelection',
  'zoomIn',
  'zoomOut',
  'zoomReset',
];

/** What leaves the settings open; anything else is about the sessions behind them. */
const DURING_SETTINGS: readonly string[] = [
  ...DURING_DIALOG,
  'palette',
  'settings',
  'closeWindow',
  'quit',
  'fullScreen',
  'toggleCloseToTray',
  'toggleNotifications',
  'toggleScreenReader',
];

/** Does it. A name that is not known, or something that is gone meanwhile, does nothing. */
export function runAction(app: App, { action, ...target }: Chosen): void {
  if (!isAction(action) || !canRun(app, action, target)) return;
  if (app.dialog && !DURING_DIALOG.includes(action)) return;
  if (action !== 'palette') app.paletteOpen = false;
  if (!DURING_SETTINGS.includes(action)) app.settings = null;
  const spec: ActionSpec = ACTIONS[action];
  switch (spec.about) {
    case 'app':
      void spec.run(app, target);
      break;
    case 'project': {
      const view = app.project(target.projectId ?? app.selectedId);
      if (view) void spec.run(app, view);
      break;
    }
    case 'milestone': {
      const found = app.works.milestone(target.milestoneId ?? '');
      if (found) void spec.run(app, found.milestone, target);
      break;
    }
  }
}
