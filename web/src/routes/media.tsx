export { ResultPage as Component } from "@/features/result/ResultPage";
