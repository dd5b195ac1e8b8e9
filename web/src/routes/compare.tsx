export { ComparePage as Component } from "@/features/result/ComparePage";
