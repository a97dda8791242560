/** Milestones, plan, queue and unattended runs of the projects, and what can be done with them. */
import { SvelteMap } from 'svelte/reactivity';

import type {
  BackupView,
  CommandError,
  MilestoneStatus,
  MilestoneView,
  NewMilestone,
  ProjectView,
  ProjectWork,
  QueueChange,
  QueuedCommandView,
  RunView,
} from '../bindings';
import * as ipc from '../ipc';
import { hostPalette } from '../terminal/theme';
import { reasonOf } from './errors';
import type { ProjectSession } from './session.svelte';
import { claudeIsOpen } from './terminals';

/** What this needs of the window around it. */
export interface WorkHost {
  view: (projectId: string) => ProjectView | undefined;
  /** Brings a project to the front and gives its session. */
  show: (projectId: string) => ProjectSession | undefined;
  attempt: <T>(work: () => Promise<T>) => Promise<T | undefined>;
  refresh: () => Promise<void>;
  /** Phases were copied before a command that may delete them. */
  tellBackup: (projectId: string, backup: BackupView) => void;
}

/** A reading that is under way, and whether another has to follow. */
interface Reading {
  again: boolean;
  done: Promise<void>;
}

export class Works {
  readonly #all = new SvelteMap<string, ProjectWork>();
  readonly #problems = new SvelteMap<string, CommandError>();
  readonly #host: WorkHost;
  readonly #reading: Record<string, Reading | undefined> = {};
  /** Runs that just ended, while it is read how. */
  readonly #ending = new SvelteMap<string, RunView>();

  constructor(host: WorkHost) {
    this.#host = host;
  }

  of(projectId: string): ProjectWork | undefined {
    return this.#all.get(projectId);
  }

  /** Why the work of a project is not known. */
  problem(projectId: string): CommandError | undefined {
    return this.#problems.get(projectId);
  }

  milestone(milestoneId: string): { projectId: string; milestone: MilestoneView } | undefined {
    for (const [projectId, work] of this.#all) {
      const milestone = work.milestones.find(({ id }) => id === milestoneId);
      if (milestone) return { projectId, milestone };
    }
    return undefined;
  }

  queue(projectId: string): readonly QueuedCommandView[] {
    return this.#host.view(projectId)?.live?.queue ?? [];
  }

  /** The run that goes on, or the last one's record. */
  run(projectId: string): { run: RunView; live: boolean } | null {
    const view = this.#host.view(projectId);
    if (view?.live?.run) {
      return { run: view.live.run, live: claudeIsOpen(view) && view.live.run.result === null };
    }
    const ending = this.#ending.get(projectId);
    if (ending) return { run: ending, live: ending.result === null };
    const last = this.of(projectId)?.lastRun;
    return last ? { run: last, live: false } : null;
  }

  /** A run is not live any more: until it is read how it ended, what was seen of it last stands. */
  runEnded(projectId: string, run: RunView): void {
    this.#ending.set(projectId, run);
    void this.read(projectId).then(() => this.#ending.delete(projectId));
  }

  /** Reads a project's work; calls that come meanwhile share one further reading. */
  read(projectId: string): Promise<void> {
    const under = this.#reading[projectId];
    if (under) {
      under.again = true;
      return under.done;
    }
    const reading: Reading = { again: true, done: Promise.resolve() };
    this.#reading[projectId] = reading;
    reading.done = (async () => {
      while (reading.again) {
        reading.again = false;
        try {
          this.#all.set(projectId, await ipc.projectWork(projectId));
          this.#problems.delete(projectId);
        } catch (error) {
          this.#problems.set(projectId, reasonOf(error));
        }
      }
      this.#reading[projectId] = undefined;
    })();
    return reading.done;
  }

  /** The app says that something of it changed: read it again if it was ever shown. */
  changed(projectId: string): void {
    if (this.#all.has(projectId) || this.#problems.has(projectId)) void this.read(projectId);
  }

  forget(projectId: string): void {
    this.#all.delete(projectId);
    this.#problems.delete(projectId);
  }

  async create(projectId: string, milestone: NewMilestone): Promise<MilestoneView> {
    const created = await ipc.createMilestone(projectId, milestone);
    await this.read(projectId);
    return created;
  }

  async rename(milestone: MilestoneView, name: string): Promise<void> {
    const wanted = name.trim();
    if (wanted === '' || wanted === milestone.name) return;
    await this.#host.attempt(() => ipc.renameMilestone(milestone.id, wanted));
    await this.read(milestone.projectId);
  }

  async setStatus(milestone: MilestoneView, status: MilestoneStatus): Promise<void> {
    if (status === milestone.status) return;
    await this.#host.attempt(() => ipc.setMilestoneStatus(milestone.id, status));
    await this.read(milestone.projectId);
  }

  openContext(milestone: MilestoneView): void {
    void this.#host.attempt(() => ipc.openMilestoneContext(milestone.id));
  }

  openFolder(milestone: MilestoneView): void {
    void this.#host.attempt(() => ipc.openMilestoneFolder(milestone.id));
  }

  /** Into the queue of a session that runs; with its start otherwise. */
  async start(milestone: MilestoneView): Promise<void> {
    const session = this.#host.show(milestone.projectId);
    const view = this.#host.view(milestone.projectId);
    if (!session || !view) return;
    if (claudeIsOpen(view)) {
      const outcome = await this.#host.attempt(async () =>
        ipc.startMilestone(milestone.id, await session.size(), hostPalette()),
      );
      if (outcome?.backup) this.#host.tellBackup(milestone.projectId, outcome.backup);
    } else {
      await session.start(null, async (size) => {
        const outcome = await ipc.startMilestone(milestone.id, size, hostPalette());
        if (outcome.backup) this.#host.tellBackup(milestone.projectId, outcome.backup);
        switch (outcome.kind) {
          case 'cannotResume':
            return outcome;
          case 'started':
            return { kind: 'live', terminal: outcome.terminal };
          case 'queued':
            // Somebody else started it meanwhile.
            return ipc.startSession(milestone.projectId, size, hostPalette(), null);
        }
      });
    }
    await this.#host.refresh();
    await this.read(milestone.projectId);
  }

  /** Puts a command into the queue; a session that does not run is taken up for it. */
  async send(projectId: string, text: string): Promise<boolean> {
    const view = this.#host.view(projectId);
    if (view && !claudeIsOpen(view)) {
      const session = this.#host.show(projectId);
      await session?.start(null);
      if (session?.phase !== 'open') return false;
    }
    const outcome = await this.#host.attempt(() => ipc.queueCommand(projectId, text));
    if (outcome?.backup) this.#host.tellBackup(projectId, outcome.backup);
    await this.#host.refresh();
    return outcome !== undefined;
  }

  async change(projectId: string, change: QueueChange): Promise<void> {
    await this.#host.attempt(() => ipc.queueChange(projectId, change));
    await this.#host.refresh();
  }

  async restore(projectId: string, backup: BackupView): Promise<boolean> {
    const done = await this.#host.attempt(async () => {
      await ipc.restorePhases(projectId, backup.id);
      return true;
    });
    await this.read(projectId);
    return done === true;
  }

  /** Throws the app's refusal, for the dialog that asked. */
  async runUnattended(
    projectId: string,
    milestoneId: string | null,
    prompt: string | null,
    permissionMode: string,
  ): Promise<void> {
    const started = await ipc.runUnattended(projectId, milestoneId, prompt, permissionMode);
    if (started.backup) this.#host.tellBackup(projectId, started.backup);
    await this.#host.refresh();
    await this.read(projectId);
  }

  /** The template of the command that begins a milestone; null looks for it again. */
  async setCommand(projectId: string, template: string | null): Promise<void> {
    await ipc.setMilestoneCommand(projectId, template);
    await this.read(projectId);
  }

  openLog(projectId: string): void {
    void this.#host.attempt(() => ipc.openRunLog(projectId));
  }
}
