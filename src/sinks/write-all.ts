interface Writing {
  write(bytes: Buffer, offset: number, length: number): Promise<{ readonly bytesWritten: number }>
}

/** A write to a file may take less than it was given, most often on a disk that is about to be full. */
export async function writeAll(file: Writing, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at, bytes.length - at)).bytesWritten
}
