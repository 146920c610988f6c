/** `SO_ACCEPTCON`: somebody listens; a connection carries its listener's path without it. */
const LISTENING = 0x1_0000

/** `0000…: RefCount Protocol Flags Type St Inode Path`; see proc_net_unix(5). */
const ROW = /^[\da-f]+: [\dA-F]+ [\dA-F]+ ([\dA-F]+) [\dA-F]+ [\dA-F]+ +(\d+) (.*)$/gm

/** The inodes of the listeners on `path` in the text of `/proc/net/unix`; odd lines are passed over. */
export function parseUnixListeners(table: string, path: string): number[] {
  return Array.from(table.matchAll(ROW)).flatMap(([, flags = '', inode, at]) =>
    at === path && (Number.parseInt(flags, 16) & LISTENING) !== 0 ? [Number(inode)] : [],
  )
}
