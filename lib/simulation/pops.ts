/** Where a simulated PoP stands. */
export interface SimulatedPop {
  code: string
  city: string
  country: string
  /** 1 is the best connected. */
  tier: 1 | 2 | 3
  latitude: number
  longitude: number
}

type Site = [airport: string, city: string, country: string, tier: SimulatedPop['tier'], latitude: number, longitude: number]

const sites: Site[] = [
  ['fra', 'Frankfurt', 'DE', 1, 50.11, 8.68],
  ['ams', 'Amsterdam', 'NL', 1, 52.37, 4.9],
  ['lhr', 'London', 'GB', 1, 51.51, -0.13],
  ['cdg', 'Paris', 'FR', 1, 48.86, 2.35],
  ['iad', 'Washington', 'US', 1, 38.91, -77.04],
  ['sjc', 'San Jose', 'US', 1, 37.34, -121.89],
  ['nrt', 'Tokyo', 'JP', 1, 35.68, 139.69],
  ['sin', 'Singapore', 'SG', 1, 1.35, 103.82],
  ['ord', 'Chicago', 'US', 1, 41.88, -87.63],
  ['syd', 'Sydney', 'AU', 1, -33.87, 151.21],
  ['mad', 'Madrid', 'ES', 2, 40.42, -3.7],
  ['mxp', 'Milan', 'IT', 2, 45.46, 9.19],
  ['waw', 'Warsaw', 'PL', 2, 52.23, 21.01],
  ['arn', 'Stockholm', 'SE', 2, 59.33, 18.07],
  ['dfw', 'Dallas', 'US', 2, 32.78, -96.8],
  ['sea', 'Seattle', 'US', 2, 47.61, -122.33],
  ['gru', 'Sao Paulo', 'BR', 2, -23.55, -46.63],
  ['bom', 'Mumbai', 'IN', 2, 19.08, 72.88],
  ['icn', 'Seoul', 'KR', 2, 37.57, 126.98],
  ['hkg', 'Hong Kong', 'HK', 2, 22.32, 114.17],
  ['jnb', 'Johannesburg', 'ZA', 3, -26.2, 28.05],
  ['los', 'Lagos', 'NG', 3, 6.52, 3.38],
  ['scl', 'Santiago', 'CL', 3, -33.45, -70.67],
  ['akl', 'Auckland', 'NZ', 3, -36.85, 174.76],
  ['dub', 'Dublin', 'IE', 2, 53.35, -6.26],
  ['zrh', 'Zurich', 'CH', 2, 47.38, 8.54],
  ['vie', 'Vienna', 'AT', 2, 48.21, 16.37],
  ['yyz', 'Toronto', 'CA', 2, 43.65, -79.38],
  ['mia', 'Miami', 'US', 2, 25.76, -80.19],
  ['del', 'Delhi', 'IN', 3, 28.61, 77.21],
  ['dxb', 'Dubai', 'AE', 3, 25.2, 55.27],
  ['cgk', 'Jakarta', 'ID', 3, -6.21, 106.85]
]

/** The first `count` simulated PoPs: `fra1`, `ams1`, ..., then a second one at each site (`fra2`), and so on. */
export function simulatedPops (count: number): SimulatedPop[] {
  return Array.from({ length: count }, (_, index) => {
    const [airport, city, country, tier, latitude, longitude] = sites[index % sites.length] as Site
    return { code: `${airport}${Math.floor(index / sites.length) + 1}`, city, country, tier, latitude, longitude }
  })
}
