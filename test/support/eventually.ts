/** Looks again until it is so: for what no event tells. */
export async function eventually (condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!await condition()) await new Promise((resolve) => setTimeout(resolve, 20))
}
