import type { UseMutationResult } from "@tanstack/react-query";
import { type ChangeEvent, type FormEvent, useState } from "react";
import { ApiProblem } from "@/lib/api/problem";

type Values = Record<string, string>;
type Errors<V> = Partial<Record<keyof V, string | null>>;
/** Null when the value is good. */
type Checks<V> = { readonly [K in keyof V]?: (value: string) => string | null };

/** A form of text fields that is checked when it is sent, by us first and then by the server, field by field. */
export function useForm<V extends Values, T>(
  initial: V,
  mutation: UseMutationResult<T, Error, V>,
  checks: Checks<V>,
) {
  const [values, setValues] = useState(initial);
  const [found, setFound] = useState<Errors<V>>({});
  const problem = mutation.error ? ApiProblem.from(mutation.error) : null;
  const errors: Errors<V> = { ...(problem?.fields as Errors<V> | undefined), ...found };
  const isAboutFields = problem !== null && Object.keys(problem.fields).some((field) => field in values);
  return {
    values,
    errors,
    /** What is wrong with the whole, and stands at none of the fields. */
    problem: isAboutFields ? null : problem,
    reset: () => setValues(initial),
    control: (name: keyof V & string) => ({
      name,
      value: values[name],
      onChange: (event: ChangeEvent<HTMLInputElement>) => {
        setValues({ ...values, [name]: event.target.value });
        setFound({ ...found, [name]: null });
      },
    }),
    submit: (event: FormEvent<HTMLFormElement>) => {
      event.preventDefault();
      const wrong = check(values, checks);
      setFound(wrong);
      const first = Object.keys(wrong)[0];
      if (first === undefined) return mutation.mutate(values);
      const field = event.currentTarget.elements.namedItem(first);
      if (field instanceof HTMLElement) field.focus();
    },
  };
}

function check<V extends Values>(values: V, checks: Checks<V>): Errors<V> {
  const errors: Errors<V> = {};
  for (const name of Object.keys(checks) as (keyof V)[]) {
    const error = checks[name]?.(values[name] ?? "") ?? null;
    if (error !== null) errors[name] = error;
  }
  return errors;
}
