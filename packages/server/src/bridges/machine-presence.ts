/**
 * Shows in the catalog which machines are there: the status of `machine` resources follows the
 * instances of `infra.machine`, whose ids are hostnames.
 *
 *     instances ──▶ Sightings ─┐            ┌─▶ machines.register
 *         time ───▶ Absences ──┼─▶ review ──┼─▶ machines.merge     one commit for all rows
 *     catalog ─────────────────┘            └─▶ machines.remove
 *
 * Heartbeats never reach the catalog: it is written when a machine turns from one status to
 * another, and at no other time. Everything is judged from what is, again and again, never from
 * events: whatever was missed, or could not be written, is made good by the next look.
 * `docs/adr/0010-machine-presence.md` has the reasons.
 *
 * @module
 */

import { together, type Actor, type Clock, type Logger } from '@rollcall/runtime'
import { Absences } from './machine-presence-absences.ts'
import type { PresenceSettings } from './machine-presence-judgement.ts'
import { reviewAll, reviewSeen, type MachineCatalog, type Task } from './machine-presence-review.ts'
import { Sightings, type SeenPlane } from './machine-presence-sightings.ts'
import { PresenceWriter, type Stranger } from './machine-presence-writer.ts'

export interface MachinePresenceSettings extends PresenceSettings {
  /** Whether the status of machines is kept. */
  readonly presence: boolean
  /** Whether machines that are nowhere in the tree are put there, by the rules of namespaces. */
  readonly register: boolean
  /** How long the slowest agents may be silent: absence begins no sooner when a node starts. */
  readonly graceMs: number
}

export interface MachinePresenceOptions {
  readonly instances: SeenPlane
  readonly catalog: MachineCatalog & {
    /** Undefined before the first view is there. */
    readNow(): object | undefined
  }
  /** Whether this node would hear of a machine: it serves, and hears most of the others. */
  readonly isHearing: () => boolean
  readonly settings: MachinePresenceSettings
  readonly clock: Clock
  readonly log: Logger
}

/** How often those that came are looked at; one that is new is in the tree after two looks. */
const LOOK_EVERY_MS = 1_000
/** How often every machine is looked at, at most. */
const REVIEW_EVERY_MS = 5_000
/** Looking at them takes at most this share of the time. */
const REVIEW_SHARE = 0.05
/** So many machines are looked at in one stretch. */
const STRETCH = 500

export class MachinePresence implements Actor {
  readonly #options: MachinePresenceOptions
  readonly #absences: Absences
  readonly #sightings: Sightings
  readonly #writer: PresenceWriter
  /** Machines that came since the last turn. */
  readonly #came = new Set<string>()
  /** Of those that came before it, the ones that were nowhere in the tree at the last turn. */
  #newcomers: ReadonlySet<string> = new Set()
  /** Machines that were nowhere in the tree at the last look at all of them. */
  #strangers: ReadonlySet<string> = new Set()
  #heldBack = 0
  /** How long the last look at all machines took, without what was written after it. */
  #lookedForMs = 0

  constructor(options: MachinePresenceOptions) {
    const { instances, catalog, settings, clock, log } = options
    this.#options = options
    this.#absences = new Absences(settings)
    this.#sightings = new Sightings({
      plane: instances,
      onCame: (hostname) => {
        this.#came.add(hostname)
      },
    })
    this.#writer = new PresenceWriter({
      machines: catalog.machines,
      absences: this.#absences,
      clock,
      log,
    })
  }

  /** Machines that would be dead if not so many were at once. */
  get heldBack(): number {
    return this.#heldBack
  }

  /** Keeps the catalog true until `signal` aborts. Rejects for a bug only. */
  run(signal: AbortSignal): Promise<void> {
    return together(
      { run: (either) => this.#listen(either) },
      { run: (either) => this.#act(either) },
    ).run(signal)
  }

  /** Goes on while a commit takes long: else that would count as a stall. */
  async #listen(signal: AbortSignal): Promise<void> {
    const { clock, isHearing } = this.#options
    const sightings = this.#sightings
    try {
      do {
        await sightings.follow(() => clock.sleep(0, signal))
        this.#absences.listen(clock.monotonicMs(), isHearing() && !sightings.isProtected)
      } while (await clock.sleep(LOOK_EVERY_MS, signal))
    } finally {
      sightings.stop()
    }
  }

  async #act(signal: AbortSignal): Promise<void> {
    const { clock, catalog } = this.#options
    let reviewAtMs = clock.monotonicMs()
    do {
      if (catalog.readNow() === undefined) continue
      await this.#attendCame(signal)
      if (clock.monotonicMs() < reviewAtMs) continue
      await this.#review(signal)
      const pauseMs = Math.max(REVIEW_EVERY_MS, this.#lookedForMs / REVIEW_SHARE)
      reviewAtMs = clock.monotonicMs() + pauseMs
    } while (await clock.sleep(LOOK_EVERY_MS, signal))
  }

  /** What is to be done about a machine that is there. */
  #attend(hostname: string): Task | Stranger | undefined {
    const { catalog, settings, clock } = this.#options
    const sighting = this.#sightings.of(hostname)
    if (!sighting) return undefined
    const rows = catalog.machines.find(hostname)
    if (rows.length === 0) {
      const { shown } = sighting
      return settings.register ? { hostname, verdict: 'register', shown } : undefined
    }
    if (!settings.presence) return undefined
    const sightings = this.#sightings
    const absences = this.#absences
    return reviewSeen(hostname, rows, { sightings, absences, settings, wallMs: clock.wallMs() })
  }

  async #attendCame(signal: AbortSignal): Promise<void> {
    const before = this.#newcomers
    const hostnames = [...new Set([...this.#came, ...before])]
    this.#came.clear()
    const strangers = await this.#attendAll(hostnames, before, signal)
    // Whoever could not be registered is one of all that are looked at in a while.
    this.#newcomers = new Set([...strangers].filter((hostname) => !before.has(hostname)))
  }

  async #review(signal: AbortSignal): Promise<void> {
    const { settings } = this.#options
    if (settings.presence && !(await this.#followAll(signal))) return
    if (!settings.register) return
    const all = [...this.#sightings.hostnames]
    this.#strangers = await this.#attendAll(all, this.#strangers, signal)
  }

  async #followAll(signal: AbortSignal): Promise<boolean> {
    const { catalog, settings, clock } = this.#options
    const startedMs = clock.monotonicMs()
    const review = await reviewAll({
      catalog,
      sightings: this.#sightings,
      absences: this.#absences,
      settings,
      wallMs: clock.wallMs(),
      breathe: () => clock.sleep(0, signal),
    })
    if (!review) return false
    this.#lookedForMs = clock.monotonicMs() - startedMs
    this.#tellHeldBack(review.heldBack)
    await this.#writer.write(review.tasks)
    return !signal.aborted
  }

  /**
   * Does what is to be done about machines that are there, and answers which were nowhere in the
   * tree. Such a one is registered if it was so at a look `before`: whoever was in the tree a moment
   * ago may be getting another name.
   */
  async #attendAll(
    hostnames: readonly string[],
    before: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<ReadonlySet<string>> {
    const { clock } = this.#options
    const strangers = new Set<string>()
    for (let at = 0; at < hostnames.length && !signal.aborted; at += STRETCH) {
      const some = hostnames.slice(at, at + STRETCH)
      const tasks = some.flatMap((hostname) => this.#attend(hostname) ?? [])
      for (const task of tasks) if (task.verdict === 'register') strangers.add(task.hostname)
      const due = tasks.filter(
        ({ verdict, hostname }) => verdict !== 'register' || before.has(hostname),
      )
      await this.#writer.write(due)
      await clock.sleep(0, signal)
    }
    return strangers
  }

  #tellHeldBack(count: number): void {
    const { log } = this.#options
    if (count > 0 && this.#heldBack === 0) {
      log.warn({ count }, 'many machines are absent at once; they are declared dead bit by bit')
    } else if (count === 0 && this.#heldBack > 0) {
      log.info({}, 'no machine is held back from being declared dead any more')
    }
    this.#heldBack = count
  }
}
