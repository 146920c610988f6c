import { utimesSync } from 'node:fs'
import { type RecordEntry, removeFile, surveyRecords } from './other-records.ts'
import { readRecordFile, updateRecordFile } from './record-file.ts'
import { lastUseOf, type RootRecord, type ServiceRecord } from './record.ts'

/** Something that is remembered for nothing. */
export type Forgettable =
  /** A root that is gone (`'gone'`), or that nobody has used for long. */
  | {
      readonly what: 'root'
      readonly path: string
      readonly root: string
      readonly why: 'gone' | 'unused'
      readonly ports: readonly number[]
    }
  /** A service that the later runs of its root did without. */
  | {
      readonly what: 'service'
      readonly path: string
      readonly root: string
      readonly service: string
      readonly ports: readonly number[]
      /** Day of its last run, UTC: `2026-08-01`. */
      readonly usedOn: string
    }
  /** A file that nobody can read, or that a crash left. */
  | { readonly what: 'file'; readonly path: string }

/** What counts as forgettable besides what is gone. */
export interface ForgetRules {
  /** In milliseconds since 1970. */
  readonly now: number
  /** Roots and services that were not used for so long, in milliseconds; `undefined` keeps them. */
  readonly unusedMs: number | undefined
  /** The root has a session at this moment, so nothing of it is forgotten. */
  isLive(root: string): boolean
}

/** What the records of a directory remember for nothing. Changes nothing, never throws. */
export function findForgettable(directory: string, rules: ForgetRules): Forgettable[] {
  return [...surveyRecords(directory, rules.now)].flatMap((entry) => forgettableOf(entry, rules))
}

function forgettableOf(
  entry: RecordEntry,
  { now, unusedMs = Infinity, isLive }: ForgetRules,
): Forgettable[] {
  const { path } = entry
  if (entry.kind !== 'record') return [{ what: 'file', path }]
  const { record, lastUsedAt, mayForget } = entry
  const { root, services } = record
  if (isLive(root)) return []
  if (mayForget || now - lastUsedAt > unusedMs) {
    const ports = [...services.values()].flatMap(portsOf)
    return [{ what: 'root', path, root, why: mayForget ? 'gone' : 'unused', ports }]
  }
  return [...services].flatMap(([service, facts]): Forgettable[] => {
    if (now - lastUseOf(facts, lastUsedAt) <= unusedMs) return []
    const { usedOn } = facts
    return [{ what: 'service', path, root, service, ports: portsOf(facts), usedOn }]
  })
}

/**
 * Forgets something that was found.
 *
 * @returns What stands in the way, in words to stand after the path; undefined when it is forgotten.
 */
export function forget(item: Forgettable): string | undefined {
  if (item.what === 'service') return forgetService(item.path, item.service)
  return removeFile(item.path) ? undefined : "can't be removed"
}

function forgetService(path: string, service: string): string | undefined {
  const found = readRecordFile(path)
  if (found.kind !== 'record') return undefined
  const { record, lastUsedAt } = found
  const refused = updateRecordFile(path, (now) => without(now ?? record, service), lastUsedAt)
  try {
    // Forgetting a service is no use of its root.
    utimesSync(path, lastUsedAt / 1000, lastUsedAt / 1000)
  } catch {
    // Then the root counts as used today, which only keeps it longer.
  }
  return refused
}

function without(record: RootRecord, service: string): RootRecord {
  const services = new Map(record.services)
  services.delete(service)
  return { ...record, services }
}

function portsOf({ port, asked }: ServiceRecord): number[] {
  return [port, asked].flatMap((known) => known ?? [])
}
