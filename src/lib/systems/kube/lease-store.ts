/** The operators' lease as the cluster holds it. */
export interface LeaseRecord {
  /** `treyt@mac/20261129-0941-k3f9`; undefined where nobody holds it. */
  readonly holder: string | undefined
  /** Grows each time that another run takes it. */
  readonly epoch: number
  readonly seconds: number
  /** By the holder's clock. */
  readonly since: Date | undefined
  readonly renewed: Date | undefined
  /** What the holder said of itself. */
  readonly told: Told
  /** Who asks to go on from the boundary of the holder's next step: `eva@laptop`. */
  readonly askedBy: string | undefined
  readonly uid: string
  /** Of the object as it was read: what is taken, is taken from exactly this. */
  readonly version: string
}

export interface Told {
  readonly run?: string
  /** The command line. */
  readonly line?: string
  /** "2 of 5: Restart api". */
  readonly step?: string
}

export interface Holding {
  readonly holder: string
  readonly epoch: number
}

/** Where the lease is kept. Each call answers in finite time, or throws Unreachable. */
export interface LeaseStore {
  /** How it is named: "Lease honeydue/honeydue-operators". */
  readonly name: string
  readonly read: () => Promise<LeaseRecord | undefined>
  /** False where somebody else was first. `over`: the record that it is taken from; undefined where there is none yet. */
  readonly take: (over: LeaseRecord | undefined, mine: Holding & { readonly seconds: number; readonly told: Told }) => Promise<boolean>
  /** False where it is not ours any more. */
  readonly renew: (mine: Holding, told: Told) => Promise<boolean>
  /** Asks the holder to stop at a step's boundary; without a name, the request is taken back. False where this holder has it no more. */
  readonly ask: (holder: Holding, by: string | undefined) => Promise<boolean>
  /** False where it was not ours any more. */
  readonly release: (mine: Holding) => Promise<boolean>
  /** One line in the namespace's events. */
  readonly event: (reason: 'RunStarted' | 'RunStep' | 'RunEnded', message: string) => Promise<void>
}
