/** The window's state: projects, preferences, what is in front, what is asked. */
import { tick } from 'svelte';
import { SvelteMap, SvelteSet } from 'svelte/reactivity';

import type {
  BackupView,
  Bootstrap,
  ClaudeCheck,
  CommandError,
  CloseDecision,
  GridSize,
  Notice,
  Platform,
  Preferences,
  PreferencesPatch,
  ProjectsUpdate,
  ProjectView,
  StoreView,
  TerminalPreferences,
} from '../bindings';
import { locale, nearestLocale, setLocale, t } from '../i18n/index.svelte';
import { loadFonts } from '../fonts';
import type { IconName } from '../components/Icon.svelte';
import * as ipc from '../ipc';
import { DEFAULT_FONT_SIZE, lookOf, sameLook } from '../terminal/look';
import { announce, announceChanges } from './announce.svelte';
import type { LiveTerminal } from '../terminal/live.svelte';
import { shellWords } from '../terminal/shell-words';
import { Clipboard } from './clipboard.svelte';
import { clock } from './clock.svelte';
import { runAction } from './actions';
import { Bells } from './bells.svelte';
import { reasonOf } from './errors';
import { byId, updated } from './projects';
import { focusRegion } from './regions';
import { ProjectSession } from './session.svelte';
import type { SettingsPage } from './settings';
import { isBack } from './store';
import { applyTerminalThemes, applyTheme } from './theme.svelte';
import { type ShownState, shownState } from './words';
import { Works } from './work.svelte';

export type Dialog =
  | { kind: 'close'; running: number }
  | { kind: 'tray' }
  | { kind: 'storePassword' }
  | { kind: 'storeChanges' }
  | { kind: 'end'; projectId: string }
  | { kind: 'restart'; projectId: string }
  | { kind: 'remove'; projectId: string }
  | { kind: 'newMilestone'; projectId: string }
  | { kind: 'unattended'; projectId: string; milestoneId: string }
  | { kind: 'restore'; projectId: string }
  | { kind: 'queue'; projectId: string }
  | { kind: 'milestoneCommand'; projectId: string }
  | { kind: 'agree'; projectId: string; commandId: string }
  | { kind: 'paste'; projectId: string; terminal: LiveTerminal; text: string };

/** What the bar that finds does for keys that do not arrive in it. */
export interface FindBar {
  /** Goes to the next match, or the one before. */
  go: (forward: boolean) => void;
  focus: () => void;
}

/** A place in the window, in CSS pixels. */
export interface Point {
  x: number;
  y: number;
}

/** Something that was done and that the person should know the place of. */
export interface Told {
  id: number;
  projectId: string;
  backup: BackupView;
}

const MIN_FONT_SIZE = 8;
const MAX_FONT_SIZE = 32;
/** A Claude Code that was missing is looked for again this often, while its page is shown. */
const CLAUDE_AGAIN_MS = 4000;

/** Names one wait for the person: the same project may ask again later. */
export function waitKey(view: ProjectView): string {
  return `${view.id} ${view.live?.since ?? ''}`;
}

export class App {
  phase = $state<'starting' | 'ready' | 'failed'>('starting');
  bootError = $state.raw<CommandError | null>(null);
  projects = $state.raw<readonly ProjectView[]>([]);
  readonly #byId = $derived(byId(this.projects));
  /** Those with a live Claude Code: few, also of thousands. */
  readonly live = $derived(this.projects.filter((view) => view.live !== null));
  preferences = $state.raw<Preferences | null>(null);
  notices = $state.raw<Notice[]>([]);
  store = $state.raw<StoreView | null>(null);
  claude = $state.raw<ClaudeCheck>({ kind: 'unchecked' });
  platform = $state<Platform>('linux');
  home = $state('');
  selectedId = $state<string | null>(null);
  dialog = $state.raw<Dialog | null>(null);
  /** Something that the person asked for and that did not work. */
  trouble = $state.raw<CommandError | null>(null);
  renaming = $state<string | null>(null);
  findOpen = $state(false);
  /** The bar that finds, while it is there. */
  finding = $state.raw<FindBar | null>(null);
  paletteOpen = $state(false);
  /** The page of the settings that stands before the sessions. */
  settings = $state<SettingsPage | null>(null);
  /** The milestones over the terminal, where there is no room for a column. */
  panelOverlay = $state(false);
  /** The panel's width as a column; null where it has to open over the terminal. */
  panelColumn = $state<number | null>(null);
  panelDragged = $state<number | null>(null);
  /** The sidebar as it stands, rail or list, in pixels. */
  sidebarNow = $state(0);
  /** The milestone whose name is edited. */
  renamingMilestone = $state<string | null>(null);
  told = $state.raw<Told[]>([]);
  /** Something that was done, or why nothing was, said once. */
  note = $state<{ icon: IconName; title: string; text: string | null } | null>(null);
  /** Projects whose session finished something while nobody looked. */
  readonly finished = new SvelteSet<string>();
  /** Terminals that rang while nobody looked. */
  readonly bells = new Bells();
  /** Cues that were put off, by what they were about. */
  readonly putOff = new SvelteSet<string>();
  readonly sessions = new SvelteMap<string, ProjectSession>();
  readonly works = new Works({
    view: (projectId) => this.project(projectId),
    show: (projectId) => {
      if (projectId !== this.selectedId) this.select(projectId);
      return this.sessions.get(projectId);
    },
    attempt: (work) => this.attempt(work),
    refresh: () => this.refresh(),
    tellBackup: (projectId, backup) => {
      this.#toldCount += 1;
      this.told = [...this.told.slice(-1), { id: this.#toldCount, projectId, backup }];
    },
  });
  readonly clipboard = new Clipboard<LiveTerminal>({
    mayWrite: () => this.preferences?.clipboardWrite !== 'deny',
    asksBeforePaste: () => this.preferences?.pasteWarning ?? true,
    isInFront: (terminal) =>
      terminal === this.session?.shown && this.settings === null && document.hasFocus(),
    ask: (terminal, text) =>
      (this.dialog ??= { kind: 'paste', projectId: terminal.projectId, terminal, text }),
    attempt: (work) => this.attempt(work),
  });
  /** Where files are being dragged over the window, in CSS pixels. */
  draggedTo = $state.raw<Point | null>(null);
  #toldCount = 0;
  /** Set by the terminal's place, once it is there. */
  measure: () => GridSize | null = () => null;
  cellWidth = $state(0);
  focusTerminal: () => void = () => undefined;
  /** Whether a point of the window is over the terminal in front. Set by the terminal's place. */
  isOverTerminal: (at: Point) => boolean = () => false;

  /** Files over a terminal are for its program; a folder elsewhere is a project to open. */
  #dropped(paths: string[], at: Point): void {
    this.draggedTo = null;
    if (this.dialog || paths.length === 0) return;
    const terminal = this.session?.shown;
    if (terminal?.phase === 'live' && this.settings === null && this.isOverTerminal(at)) {
      terminal.paste(shellWords(paths));
      terminal.focus();
    } else {
      void this.openPath(paths[0] ?? '');
    }
  }

  project(id: string | null): ProjectView | undefined {
    return id === null ? undefined : this.#byId.get(id);
  }

  get selected(): ProjectView | undefined {
    return this.project(this.selectedId);
  }

  /** Whether the milestones can be seen. */
  get panelShown(): boolean {
    return this.panelColumn === null
      ? this.panelOverlay
      : (this.preferences?.milestonesOpen ?? true);
  }

  get session(): ProjectSession | undefined {
    return this.selectedId === null ? undefined : this.sessions.get(this.selectedId);
  }

  /** How the terminals look. */
  readonly look = $derived(lookOf(this.preferences));

  state(view: ProjectView): ShownState {
    return shownState(view, this.sessions.get(view.id), this.finished.has(view.id));
  }

  /** Who waits for the person, longest first. */
  get needsYou(): ProjectView[] {
    return this.live
      .filter((project) => this.state(project).needsYou)
      .sort((a, b) => (a.live?.since ?? '').localeCompare(b.live?.since ?? ''));
  }

  /** The sign of what waits: a permission before a question. */
  get mostUrgent(): 'permission' | 'question' {
    return this.needsYou.some((view) => this.state(view).glyph === 'permission')
      ? 'permission'
      : 'question';
  }

  async start(): Promise<void> {
    setLocale(nearestLocale(navigator.languages));
    performance.mark('start');
    try {
      // All at once; what changes before it is listened for is read again below.
      const fonts = loadFonts();
      const asked = this.#ask().then((boot) => {
        this.#takeBoot(boot);
        return this.session?.expectShown(fonts);
      });
      const listening = ipc.listenToApp({
        projectsChanged: () => void this.refresh(),
        noticesChanged: () => void this.attempt(() => this.readAgain()),
        storeChanged: () => void this.readStore(),
        openProject: (projectId) => void this.refresh().then(() => this.takeUp(projectId)),
        openTerminal: (projectId, terminal) =>
          void this.refresh().then(() => this.showTerminal(projectId, terminal)),
        closeRequested: (running, tray) => this.#askToClose(running, tray),
        rang: (projectId, terminal) => this.#rang(projectId, terminal),
        workChanged: (projectId) => this.works.changed(projectId),
        menuAction: (chosen) => runAction(this, chosen),
        filesDragged: (at) => (this.draggedTo = this.dialog ? null : at),
        filesDropped: (paths, at) => this.#dropped(paths, at),
      });
      await Promise.all([asked, fonts, listening]);
      // WebKit may forget a font on its way when the page's language changes.
      document.documentElement.lang = locale();
      // What already waited is counted beside the list; a cue is for what happens from now on.
      for (const view of this.needsYou) this.putOff.add(waitKey(view));
      this.phase = 'ready';
      void tick().then(() => performance.mark('listed'));
      void this.refresh();
      if (!this.session?.shown) this.shownFirst();
    } catch (error) {
      this.bootError = reasonOf(error);
      this.phase = 'failed';
    }
  }

  #shownFirst = false;

  /** The first terminal is painted, or there is none to wait for: the app does the rest of its work. */
  shownFirst(): void {
    if (this.#shownFirst) return;
    this.#shownFirst = true;
    performance.mark('shown');
    void ipc.firstTerminal().catch(() => undefined);
  }

  /** Everything from the app, at the start and when more than the list may have changed. */
  async readAgain(): Promise<void> {
    this.#takeBoot(await this.#ask());
    document.documentElement.lang = locale();
  }

  async #ask(): Promise<{ boot: Bootstrap; askedAt: number }> {
    const askedAt = performance.now();
    return { boot: await ipc.bootstrap(this.#upto), askedAt };
  }

  #takeBoot({ boot, askedAt }: { boot: Bootstrap; askedAt: number }): void {
    this.home = boot.home;
    this.platform = boot.platform;
    this.claude = boot.claude;
    this.notices = boot.notices;
    this.store = boot.store;
    this.#fronts = boot.fronts;
    this.#take(boot.preferences);
    setLocale(boot.locale);
    this.#takeProjects(boot.projects, askedAt);
    if (this.selectedId === null) {
      const wanted = this.project(boot.show ?? boot.preferences.lastProject);
      const first = wanted ?? this.projects[0];
      if (first) this.select(first.id, false);
    }
    if (boot.projects.more) void this.refresh();
  }

  /** The shells that were in front when the window opened, by project. */
  #fronts: Record<string, string> = {};
  /** Whether the list has been read to its end since the start. */
  complete = $state(false);
  /** Up to which update the list is what the app has. */
  #upto = 0;
  /** How the store is. */
  async readStore(): Promise<void> {
    try {
      const store = await ipc.storeView();
      if (isBack(this.store, store)) announce(t('announce.storeBack'));
      this.store = store;
    } catch (error) {
      this.trouble = reasonOf(error);
    }
    // What others changed may be a milestone of the project in front.
    if (this.selectedId !== null) this.works.changed(this.selectedId);
  }

  #refreshing: Promise<void> | null = null;
  #refreshAgain = false;

  /** Brings the list up to date; calls that come meanwhile share one further reading. */
  refresh(): Promise<void> {
    if (this.#refreshing) {
      this.#refreshAgain = true;
      return this.#refreshing;
    }
    this.#refreshing = (async () => {
      do {
        this.#refreshAgain = false;
        const askedAt = performance.now();
        try {
          const update = await ipc.listProjects(this.#upto);
          this.#refreshAgain ||= update.more;
          this.#takeProjects(update, askedAt);
        } catch (error) {
          this.trouble = reasonOf(error);
        }
      } while (this.#refreshAgain);
      this.#refreshing = null;
    })();
    return this.#refreshing;
  }

  #takeProjects(update: ProjectsUpdate, askedAt: number): void {
    // Two answers may cross: what the later one tells is not undone.
    if (update.upto < this.#upto) return;
    this.#upto = update.upto;
    if (!update.more && !this.complete) {
      this.complete = true;
      performance.mark('complete');
    }
    const before = update.changed.flatMap(({ id }) => {
      const view = this.project(id);
      return view ? [{ view, state: this.state(view) }] : [];
    });
    this.projects = updated(this.projects, update);
    this.#noteFinished(before);
    for (const { view } of before) {
      const now = this.project(view.id);
      if (view.live?.run && now && !now.live?.run) this.works.runEnded(view.id, view.live.run);
    }
    for (const view of update.changed) if (view.live) clock.expect(view.live.since);
    for (const [id, session] of [...this.sessions]) {
      const view = this.project(id);
      if (view) {
        session.reconcile(view, askedAt);
      } else {
        session.dispose();
        this.sessions.delete(id);
        this.works.forget(id);
        this.bells.forget(id);
      }
    }
    if (this.selectedId !== null && !this.selected) {
      this.selectedId = null;
      const first = this.projects[0];
      if (first) this.select(first.id);
    }
    announceChanges(
      before,
      update.changed.map((view) => ({ view, state: this.state(view) })),
      this.selectedId,
    );
  }

  /** What was finished behind the person's back is marked until it is looked at. */
  #noteFinished(before: { view: ProjectView; state: ShownState }[]): void {
    for (const { view, state } of before) {
      const live = this.project(view.id)?.live;
      const busy = state.glyph === 'working' || view.live?.background === true;
      if (live?.state.state !== 'idle') this.finished.delete(view.id);
      else if (busy && !live.background && !this.#looksAt(view.id)) this.finished.add(view.id);
    }
  }

  /** A program rang: where somebody looks it is shown for a moment, elsewhere until it is seen. */
  #rang(projectId: string, terminal: string): void {
    const shown = projectId === this.selectedId && this.session?.front === terminal;
    if (shown && this.settings === null && document.hasFocus()) this.session?.shown?.screen.flash();
    else if (this.project(projectId)) this.bells.add(projectId, terminal);
  }

  #looksAt(id: string): boolean {
    return id === this.selectedId && this.session?.front === 'claude' && document.hasFocus();
  }

  /** The person looks at the window: what is in front is seen. */
  seen(): void {
    if (this.session && this.settings === null && document.hasFocus()) {
      this.bells.seen(this.session.projectId, this.session.front);
    }
    if (this.selectedId !== null && this.#looksAt(this.selectedId)) {
      this.finished.delete(this.selectedId);
    }
  }

  select(id: string, remember = true): void {
    const view = this.project(id);
    if (!view) return;
    this.selectedId = id;
    this.findOpen = false;
    let session = this.sessions.get(id);
    if (!session) {
      session = new ProjectSession(id, {
        view: (projectId) => this.project(projectId),
        look: () => this.look,
        refresh: () => void this.refresh(),
        openFile: (path, position) => void this.attempt(() => ipc.openFile(path, position)),
        measure: () => this.#measured(),
        frontBefore: (projectId) => this.#fronts[projectId],
        clipboard: this.clipboard,
      });
      this.sessions.set(id, session);
    }
    session.open();
    this.finished.delete(id);
    void this.works.read(id);
    if (remember) void this.prefer({ lastProject: id });
  }

  /** The terminal's place may still be on its way into the page. */
  async #measured(): Promise<GridSize> {
    for (let frame = 0; frame < 300; frame += 1) {
      const size = this.measure();
      if (size) return size;
      await new Promise((next) => setTimeout(next, 16));
    }
    return { cols: 80, rows: 24 };
  }

  selectBy(step: number): void {
    const at = this.projects.findIndex((project) => project.id === this.selectedId);
    const count = this.projects.length;
    const next = this.projects[(at + step + count) % count];
    if (next) this.select(next.id);
  }

  /** The session that waits longest; again, the one after it. */
  showNextNeedsYou(): void {
    const waiting = this.needsYou;
    const at = waiting.findIndex((project) => project.id === this.selectedId);
    const next = waiting[(at + 1) % Math.max(waiting.length, 1)];
    if (!next) return;
    this.showWaiting(next.id);
  }

  /** Brings Claude Code's own terminal of a project to the front. */
  showWaiting(id: string): void {
    this.select(id);
    const session = this.sessions.get(id);
    if (session) session.front = 'claude';
    this.focusTerminal();
  }

  openSettings(page: SettingsPage = 'general'): void {
    this.settings ??= page;
  }

  /** Where the store is looked after: its password where that is missing, else its settings. */
  showStore(): void {
    const store = this.store;
    if (!store) return;
    const link = store.link;
    const needsPassword =
      store.password === 'missing' ||
      (link.state === 'refused' && link.why.code === 'loginRefused' && store.user !== null);
    if (needsPassword && store.kind === 'team') this.dialog = { kind: 'storePassword' };
    else if (store.conflicts.length > 0 || store.waiting.length > 0) {
      this.dialog = { kind: 'storeChanges' };
    } else this.settings = 'store';
  }

  closeSettings(): void {
    this.settings = null;
    void tick().then(() => this.focusTerminal());
  }

  /** A project was chosen outside the page: one that is not running is taken up again. */
  takeUp(id: string): void {
    this.settings = null;
    this.select(id);
    const session = this.sessions.get(id);
    const over = session?.phase === 'open' && session.ended !== null;
    if (session && !this.project(id)?.live && (over || session.phase === 'notNow')) {
      void session.start(null);
    }
    if (session) session.front = 'claude';
    this.focusTerminal();
  }

  /** Brings a terminal of a project to the front. */
  showTerminal(id: string, terminal: string): void {
    this.settings = null;
    this.select(id);
    const session = this.sessions.get(id);
    const shell = this.project(id)?.shells.find((view) => view.terminal === terminal);
    if (session && shell) session.bringToFront(shell);
    else if (session && terminal === 'claude') session.front = 'claude';
    this.focusTerminal();
  }

  untell(id: number): void {
    this.told = this.told.filter((told) => told.id !== id);
  }

  /** Does what was asked for; says so when it did not work. */
  async attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    this.trouble = null;
    try {
      return await work();
    } catch (error) {
      this.trouble = reasonOf(error);
      return undefined;
    }
  }

  async openFolder(): Promise<void> {
    await this.#opened(() => ipc.openFolder());
  }

  async openPath(path: string): Promise<void> {
    await this.#opened(() => ipc.openPath(path));
  }

  async #opened(work: () => Promise<ProjectView | null>): Promise<void> {
    const project = await this.attempt(work);
    if (!project) return;
    await this.refresh();
    this.select(project.id);
    this.focusTerminal();
  }

  async rename(projectId: string, name: string): Promise<void> {
    this.renaming = null;
    const view = this.project(projectId);
    const wanted = name.trim();
    if (!view || wanted === '' || wanted === view.name) return;
    await this.attempt(() => ipc.renameProject(projectId, wanted));
    await this.refresh();
  }

  async locate(projectId: string): Promise<void> {
    const moved = await this.attempt(() => ipc.locateFolder(projectId));
    if (!moved) return;
    await this.refresh();
    const session = this.sessions.get(projectId);
    if (session && session.phase !== 'open') void session.start(null);
  }

  async remove(projectId: string): Promise<void> {
    this.dialog = null;
    await this.attempt(() => ipc.removeProject(projectId));
    await this.refresh();
  }

  async end(projectId: string): Promise<void> {
    this.dialog = null;
    await this.attempt(() => ipc.endTerminal(projectId, 'claude'));
    await this.refresh();
  }

  /** Ends the session's process and takes the same conversation up again. */
  async restart(projectId: string): Promise<void> {
    this.dialog = null;
    const session = this.sessions.get(projectId);
    const ended = await this.attempt(async () => {
      await ipc.endTerminal(projectId, 'claude');
      return true;
    });
    await this.refresh();
    if (ended && session && session.phase !== 'opening') await session.start(null);
  }

  /** The person lets a queued command go although something stands in its way. */
  async agree(projectId: string, commandId: string): Promise<void> {
    this.dialog = null;
    await this.works.change(projectId, { op: 'agree', id: commandId });
  }

  async mute(projectId: string, muted: boolean): Promise<void> {
    const others = (this.preferences?.muted ?? []).filter((id) => id !== projectId);
    await this.prefer({ muted: muted ? [...others, projectId] : others });
    await this.refresh();
  }

  /** The milestones come and go: as a column by preference, over the terminal for a while. */
  togglePanel(shown = !this.panelShown): void {
    if (this.panelColumn !== null) {
      void this.prefer({ milestonesOpen: shown });
    } else {
      this.panelOverlay = shown;
      // Over the terminal it is a tool for a moment: its keys are there at once, Esc among them.
      if (shown) void tick().then(() => focusRegion('milestones'));
    }
    if (!shown) this.focusTerminal();
  }

  togglePalette(shown = !this.paletteOpen): void {
    this.paletteOpen = shown;
    if (!shown) this.focusTerminal();
  }

  /** The key for closing does what the title bar's button does. */
  requestClose(): void {
    void this.attempt(() => ipc.requestClose());
  }

  #askToClose(running: number, tray: boolean): void {
    this.dialog = tray ? { kind: 'tray' } : { kind: 'close', running };
  }

  async close(decision: CloseDecision, remember: boolean, toTray: boolean): Promise<void> {
    this.dialog = null;
    await this.attempt(() => ipc.closeWindow(decision, remember, toTray));
  }

  /** Which Claude Code is run from now on; null: it is looked for. */
  async useClaude(claudePath: string | null): Promise<void> {
    await this.prefer({ claudePath });
    await this.attempt(() => this.readAgain());
  }

  async prefer(patch: PreferencesPatch): Promise<void> {
    if (this.preferences) this.#take({ ...this.preferences, ...patch });
    const saved = await this.attempt(() => ipc.setPreferences(patch));
    if (saved) this.#take(saved);
  }

  #take(preferences: Preferences): void {
    const before = this.preferences;
    this.preferences = preferences;
    if (preferences.locale !== 'system') {
      setLocale(preferences.locale);
      document.documentElement.lang = preferences.locale;
    }
    if (before?.theme !== preferences.theme) applyTheme(preferences.theme);
    const { lightTheme, darkTheme } = preferences.terminal;
    if (before?.terminal.lightTheme !== lightTheme || before.terminal.darkTheme !== darkTheme) {
      applyTerminalThemes(lightTheme, darkTheme);
    }
    if (!sameLook(lookOf(before), lookOf(preferences))) this.forEachTerminal('setLook');
  }

  zoom(step: number): void {
    const size =
      step === 0
        ? DEFAULT_FONT_SIZE
        : Math.min(MAX_FONT_SIZE, Math.max(MIN_FONT_SIZE, this.look.fontSize + step));
    if (size !== this.look.fontSize) void this.prefer({ fontSize: size });
  }

  /** Changes how terminals look and behave; what is not named stays. */
  async preferTerminal(changed: Partial<TerminalPreferences>): Promise<void> {
    const now = this.preferences?.terminal;
    if (now) await this.prefer({ terminal: { ...now, ...changed } });
  }

  forEachTerminal(what: 'setLook' | 'updateTheme'): void {
    for (const session of this.sessions.values()) {
      for (const terminal of session.terminals.values()) {
        if (what === 'setLook') terminal.setLook(this.look);
        else terminal.updateTheme();
      }
    }
  }

  /** While Claude Code is missing its page notices by itself when it is there. */
  watchForClaude(): () => void {
    const look = () => {
      if (!document.hidden) void this.readAgain().catch(() => undefined);
    };
    const timer = setInterval(look, CLAUDE_AGAIN_MS);
    window.addEventListener('focus', look);
    return () => {
      clearInterval(timer);
      window.removeEventListener('focus', look);
    };
  }
}

export const app = new App();
