import type { z } from 'zod';

/** What loadConfig does besides parsing; tests replace it. */
export interface ConfigOutlet {
  /** Receives the whole report of problems, several lines. Default: standard error. */
  readonly write?: (report: string) => void;
  /** Ends the process. Default: process.exit. */
  readonly exit?: (code: number) => never;
}

/** Environment variable of a field: `listenPort` → `KYSO_LISTEN_PORT`. */
export function environmentName(field: string): string {
  return `KYSO_${field.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/**
 * Parses the environment once into a frozen object. Field `listenPort` is read from `KYSO_LISTEN_PORT`; a variable that is
 * empty counts as absent. Prints every problem at once (names, expectations and meanings; never a value, since it may be a
 * secret in the wrong place) and exits 1.
 */
export function loadConfig<S extends z.ZodObject>(
  schema: S,
  env: NodeJS.ProcessEnv,
  outlet: ConfigOutlet = {},
): z.infer<S> {
  const input: Record<string, string> = {};
  for (const field of Object.keys(schema.shape)) {
    const value = env[environmentName(field)];
    if (value !== undefined && value.trim() !== '') input[field] = value;
  }
  const result = schema.safeParse(input);
  if (result.success) return Object.freeze(result.data) as z.infer<S>;

  const lines = result.error.issues.map((issue) => problemLine(schema, input, issue));
  const write = outlet.write ?? ((report) => void process.stderr.write(report));
  const exit = outlet.exit ?? ((code) => process.exit(code));
  write(
    `The configuration cannot be used; ${lines.length} problem${lines.length === 1 ? '' : 's'}:\n${lines.join('\n')}\n`,
  );
  return exit(1);
}

function problemLine(schema: z.ZodObject, input: Record<string, string>, issue: z.core.$ZodIssue): string {
  const [field, ...rest] = issue.path;
  if (typeof field !== 'string') return `  - ${issue.message}`;
  const place = [environmentName(field), ...rest.map(String)].join('.');
  const fieldSchema = schema.shape[field];
  const meaning = fieldSchema === undefined ? undefined : descriptionOf(fieldSchema);
  const fault = field in input || rest.length > 0 ? issue.message : 'is missing';
  return `  - ${place}: ${fault}${meaning === undefined ? '' : `\n      ${meaning}`}`;
}

/** The table of a service's configuration for its README (Markdown): variable, meaning, default. */
export function describeConfig(schema: z.ZodObject): string {
  const rows = Object.entries(schema.shape).map(([field, fieldSchema]) => {
    const cells = [`\`${environmentName(field)}\``, descriptionOf(fieldSchema) ?? '', defaultOf(fieldSchema)];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll(/\s*\n\s*/g, ' ')).join(' | ')} |`;
  });
  return ['| variable | meaning | default |', '| --- | --- | --- |', ...rows].join('\n') + '\n';
}

/** What the schema makes of an absent variable is its default, whichever wrappers (optional, default, pipe) it has. */
function defaultOf(schema: z.core.$ZodType): string {
  const absent = (schema as z.ZodType).safeParse(undefined);
  if (!absent.success) return '**required**';
  if (absent.data === undefined) return 'none';
  return `\`${typeof absent.data === 'string' ? absent.data : JSON.stringify(absent.data)}\``;
}

/** The description may be on the field or on what a wrapper (`.default`, `.optional`, a pipe) encloses. */
function descriptionOf(schema: z.core.$ZodType): string | undefined {
  let current: z.core.$ZodType | undefined = schema;
  for (let depth = 0; current !== undefined && depth < 8; depth++) {
    const { description } = current as z.ZodType;
    if (description !== undefined) return description;
    const def = (current as z.ZodType).def as { innerType?: z.ZodType; in?: z.ZodType; out?: z.ZodType };
    current = def.innerType ?? (def.in?.def.type === 'transform' ? def.out : def.in);
  }
  return undefined;
}
