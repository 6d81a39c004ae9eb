const pattern = /^D:(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:(Z)|([+-])(\d\d)'?(?:(\d\d)'?)?)?/;
const hourMs = 3_600_000;
const minuteMs = 60_000;
/** Vietnam has one zone and no summer time. */
const vietnamOffsetMs = 7 * hourMs;

/** A date string (ISO 32000-2, 7.9.4); undefined when it is none. A missing zone is read as UTC. */
export function parseDate(text: string): Date | undefined {
  const found = pattern.exec(text);
  if (found === null) {
    return undefined;
  }
  const [, year, month = '01', day = '01', hour = '00', minute = '00', second = '00'] = found;
  const local = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  const [sign, zoneHours = '0', zoneMinutes = '0'] = found.slice(8);
  const offset = Number(zoneHours) * hourMs + Number(zoneMinutes) * minuteMs;
  return Number.isNaN(local) ? undefined : new Date(sign === '-' ? local + offset : local - offset);
}

/** A date string in Vietnam's zone, to the second, such as `D:20261122181200+07'00'`. */
export function formatDate(date: Date): string {
  const local = new Date(date.getTime() + vietnamOffsetMs).toISOString();
  return `D:${local.slice(0, 19).replaceAll(/[-T:]/g, '')}+07'00'`;
}
