import { join } from 'node:path'
import { type Child, startNode } from './children.ts'
import { repo } from './temp.ts'

/** The Vite versions that are supported, by the name they are installed under. */
export const VITES = ['vite6', 'vite7', 'vite'] as const
export type ViteName = (typeof VITES)[number]

/** Runs the real `vite` command in `root`. */
export function startVite(
  vite: ViteName,
  root: string,
  args: readonly string[] = [],
  env: Record<string, string> = {},
): Child {
  return startNode([join(repo, 'node_modules', vite, 'bin/vite.js'), ...args], { cwd: root, env })
}

/** The port in Vite's "Local:" line. */
export async function localPort(child: Child): Promise<number> {
  const match = await child.sees(/Local:\s+https?:\/\/[^\s/]+:(\d+)\//)
  return Number(match[1])
}
