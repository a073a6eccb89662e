/** Whether a client takes gzip: RFC 9110 12.5.3. */
export function acceptsGzip (acceptEncoding: string | string[] | undefined): boolean {
  return [acceptEncoding ?? ''].flat().join(',').split(',').some((coding) => {
    const [name = '', ...parameters] = coding.split(';').map((part) => part.trim().toLowerCase())
    const weight = parameters.find((parameter) => /^q\s*=/.test(parameter))?.split('=')[1]
    return (name === 'gzip' || name === 'x-gzip') && (weight === undefined || Number(weight) > 0)
  })
}
