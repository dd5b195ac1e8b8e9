export { MonitoringPage as Component } from "@/features/monitoring/MonitoringPage";
