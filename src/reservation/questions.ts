import type { ServiceProblem } from '../errors.ts'
import type { LeaseAnswer } from '../lease/answer.ts'
import { isLeased } from '../lease/lease.ts'
import { leaseName } from '../lease/names.ts'
import { type BindAddress, guessBindAddress, resolveBindAddress } from '../net/addresses.ts'
import type { BindFailure } from '../net/bind.ts'
import { listeningPorts } from '../net/listening.ts'
import { askInWorker } from './ask-in-worker.ts'
import { attemptsToDescribe, describeHolders, fillIn, type Holders, portsOf } from './holders.ts'
import { askLeases, type LeasePlace } from './who-holds.ts'
import { type Asker, type Verdict, whose } from './whose.ts'

/**
 * What choosing has to ask the world between two steps. The steps themselves are synchronous, so
 * hosts whose hooks may not wait can choose as well.
 */
export type Question =
  | { readonly ask: 'bind-failure'; readonly port: number; readonly reason: Promise<BindFailure> }
  | { readonly ask: 'address'; readonly host: string | boolean | undefined }
  | ({ readonly ask: 'whose'; readonly port: number } & Asker)
  | { readonly ask: 'holders'; readonly problems: readonly ServiceProblem[] }
  | { readonly ask: 'leases'; readonly ports: readonly number[] }
  | {
      readonly ask: 'listening'
      readonly ports: readonly number[]
      readonly address: string | undefined
    }

/** The answer to each kind of question. */
export interface Answers {
  'bind-failure': BindFailure
  address: BindAddress | undefined
  whose: Verdict
  holders: void
  /** By port; ports that nobody leases are absent. */
  leases: ReadonlyMap<number, LeaseAnswer>
  /** Those of the ports that are listened on. */
  listening: readonly number[]
}

/** Synchronous work that asks in between; see {@link ask}. */
export type Steps<T> = Generator<Question, T, Answers[keyof Answers]>

/** Asks and gives the answer its type. */
export function* ask<Q extends Question>(question: Q): Steps<Answers[Q['ask']]> {
  return (yield question) as Answers[Q['ask']]
}

/** Runs steps to their end, waiting for each answer. */
export async function runSteps<T>(steps: Steps<T>, place: LeasePlace): Promise<T> {
  let step = steps.next()
  while (!step.done) step = steps.next(await answerLater(step.value, place))
  return step.value
}

/** Runs steps to their end within this tick. Answers that need waiting are got by another thread. */
export function runStepsSync<T>(steps: Steps<T>, place: LeasePlace): T {
  let step = steps.next()
  while (!step.done) step = steps.next(answerNow(step.value, place))
  return step.value
}

async function answerLater(question: Question, place: LeasePlace): Promise<Answers[keyof Answers]> {
  switch (question.ask) {
    case 'bind-failure':
      return question.reason
    case 'address':
      return resolveBindAddress(question.host)
    case 'whose':
      return whose(question.port, question, place)
    case 'holders':
      return describeHolders(attemptsOf(question.problems), place)
    case 'leases':
      return askLeases(question.ports, place)
    case 'listening':
      return listeningPorts(question.ports, question.address)
  }
}

function answerNow(question: Question, place: LeasePlace): Answers[keyof Answers] {
  switch (question.ask) {
    case 'bind-failure':
      return probableFailure(question.port)
    case 'address':
      return guessBindAddress(question.host)
    case 'whose': {
      const { port, checkout, service, leased } = question
      const asker: Asker = { checkout, service, leased }
      return askInWorker<Verdict>({ ask: 'whose', port, asker, place }) ?? 'unknown'
    }
    case 'holders': {
      const open = attemptsToDescribe(attemptsOf(question.problems))
      const ports = portsOf(open)
      if (ports.length > 0) fillIn(open, askInWorker<Holders>({ ask: 'holders', ports, place }))
      return undefined
    }
    case 'leases': {
      const { platform, stateDir } = place
      const taken = question.ports.filter((port) => isLeased(leaseName(port, platform, stateDir)))
      if (taken.length === 0) return new Map()
      return askInWorker<Answers['leases']>({ ask: 'leases', ports: taken, place }) ?? new Map()
    }
    case 'listening': {
      const { ports, address } = question
      return askInWorker<number[]>({ ask: 'listening', ports, address }) ?? []
    }
  }
}

function attemptsOf(problems: readonly ServiceProblem[]): ServiceProblem['attempts'][number][] {
  return problems.flatMap((problem) => problem.attempts)
}

/** The code of a failed bind comes a tick later; until then the port's number has to tell. */
function probableFailure(port: number): BindFailure {
  return port < 1024 && process.getuid?.() !== 0 ? 'denied' : 'in-use'
}
