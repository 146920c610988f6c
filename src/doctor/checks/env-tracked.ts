import type { IgnoreRule } from '../../init/ignore-rule.ts'
import type { Finding } from '../finding.ts'

/** An env file with a managed block that git would commit. */
export function checkEnvTracked(envFile: string, rule: IgnoreRule): Finding[] {
  if (rule.kind === 'nothing') return []
  const common = { code: 'env-tracked', severity: 'warning', file: envFile } as const
  const message = `git does not ignore ${envFile}, which differs in every checkout.`
  if (rule.kind === 'tracked') {
    return [{ ...common, message, fix: `\`git rm --cached ${envFile}\`` }]
  }
  const fix = `Add it to ${rule.path}: \`ports doctor --fix\` does.`
  return [{ ...common, message, fix, repair: { kind: 'ignore', envFile } }]
}
