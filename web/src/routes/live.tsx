export { LivePage as Component } from "@/features/live/LivePage";
