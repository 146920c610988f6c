const REASONS: Record<string, string> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'its file system is read-only',
  ENOENT: 'its directory does not exist',
  ENOTDIR: 'its directory does not exist',
  ELOOP: 'its symbolic links go in circles',
  ENOSPC: 'the disk is full',
}

/** A file-system error in words for people; unknown ones with their code, such as `EIO: i/o error`. */
export function describeFileError(error: unknown): string {
  return (
    REASONS[fileErrorCode(error) ?? ''] ?? (error instanceof Error ? error.message : String(error))
  )
}

/** `ENOENT` and its like; undefined for what is no system error. */
export function fileErrorCode(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code
}
