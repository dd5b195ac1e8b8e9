/** What people call the models, beside the names that programs use. */
import { useQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import { modelsQuery } from "./queries";

/** The title of a model by its name; the name itself where no server has the model now. */
export function useTitleOf(): (name: string) => string {
  const { data } = useQuery(modelsQuery);
  return useCallback((name) => data?.items.find((model) => model.name === name)?.title ?? name, [data]);
}
