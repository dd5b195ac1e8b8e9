{{- define "dk.name" -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" -}}
{{- end }}

{{- define "dk.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .part }}
{{- end }}

{{- define "dk.labels" -}}
{{ include "dk.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{- define "dk.image" -}}
image: {{ printf "%s:%s" .image.repository (.image.tag | default .root.Chart.AppVersion) | quote }}
imagePullPolicy: {{ .image.pullPolicy }}
{{- end }}

{{- define "dk.podSecurity" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: {{ .uid }}
  runAsGroup: {{ .uid }}
  fsGroup: {{ .uid }}
  seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "dk.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
{{- end }}

{{- define "dk.spread" -}}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{- include "dk.selector" . | nindent 8 }}
{{- end }}

{{- define "dk.secret" -}}
- name: {{ .name }}
  valueFrom: { secretKeyRef: { name: {{ .root.Values.existingSecret }}, key: {{ .key }} } }
{{- end }}

{{- /* Variables by name, the later lists win over the earlier. */ -}}
{{- define "dk.settings" -}}
{{- range $name, $value := . }}
- name: {{ $name }}
  value: {{ $value | toString | quote }}
{{- end }}
{{- end }}

{{- /* Each ML server by its own name: a worker sends a file to one of them and has to find it there again. */ -}}
{{- define "dk.mlUrls" -}}
{{- $root := . -}}
{{- $urls := list -}}
{{- range $group := .Values.ml.groups -}}
{{- range $number := until (int $group.replicas) -}}
{{- $set := printf "%s-ml-%s" (include "dk.name" $root) $group.name -}}
{{- $urls = append $urls (printf "http://%s-%d.%s:8000" $set $number $set) -}}
{{- end -}}
{{- end -}}
{{- join "," $urls -}}
{{- end }}

{{- /* What api and worker have in common. */ -}}
{{- define "dk.serviceEnv" -}}
{{- $common := dict "ML_SERVER_URLS" (include "dk.mlUrls" .root) "PUBLIC_URL" .root.Values.publicUrl "TRUSTED_PROXIES" (join "," .root.Values.trustedProxies) "STORAGE_PROVIDER" .root.Values.storage.provider -}}
{{- $store := dict -}}
{{- if eq .root.Values.storage.provider "s3" -}}
{{- with .root.Values.storage.s3 -}}
{{- $store = dict "S3_ENDPOINT" .endpoint "S3_BUCKET" .bucket "S3_REGION" .region "S3_ACCESS_KEY_ID" .accessKeyId -}}
{{- end -}}
{{- end -}}
{{- include "dk.settings" (mergeOverwrite $common $store (deepCopy .root.Values.settings) (deepCopy .settings)) }}
{{ include "dk.secret" (dict "root" .root "name" "DATABASE_URL" "key" "database-url") }}
{{ include "dk.secret" (dict "root" .root "name" "REDIS_URL" "key" "redis-url") }}
{{ include "dk.secret" (dict "root" .root "name" "JWT_SECRET" "key" "jwt-secret") }}
{{ include "dk.secret" (dict "root" .root "name" "ML_API_KEY" "key" "ml-api-key") }}
{{- if eq .root.Values.storage.provider "s3" }}
{{ include "dk.secret" (dict "root" .root "name" "S3_SECRET_ACCESS_KEY" "key" "s3-secret") }}
{{- end }}
{{- end }}

{{- /* The folders that api and worker write to. */ -}}
{{- define "dk.serviceMounts" -}}
- { name: scratch, mountPath: /tmp, subPath: tmp }
- { name: scratch, mountPath: /var/lib/drishtiksha/checked, subPath: checked }
- { name: scratch, mountPath: /var/lib/drishtiksha/staging, subPath: staging }
{{- if eq .Values.storage.provider "local" }}
- { name: media, mountPath: /var/lib/drishtiksha/storage }
{{- end }}
{{- end }}

{{- define "dk.serviceVolumes" -}}
- name: scratch
  emptyDir: {}
{{- if eq .Values.storage.provider "local" }}
- name: media
  persistentVolumeClaim: { claimName: {{ required "storage.local.claim names no claim" .Values.storage.local.claim }} }
{{- end }}
{{- end }}
