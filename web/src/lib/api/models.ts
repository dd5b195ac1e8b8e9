/** The models that servers have now, by the names that programs use. */
import { useQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import { type Model, modelsQuery } from "./queries";

/** A model by its name; none where no server has it now. */
export function useModelOf(): (name: string) => Model | undefined {
  const { data } = useQuery(modelsQuery);
  return useCallback((name) => data?.items.find((model) => model.name === name), [data]);
}

/** The title of a model, which is what people call it; its name where no server has it now. */
export function useTitleOf(): (name: string) => string {
  const modelOf = useModelOf();
  return useCallback((name) => modelOf(name)?.title ?? name, [modelOf]);
}
