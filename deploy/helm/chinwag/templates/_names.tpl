{{- define "chinwag.labels" -}}
app.kubernetes.io/name: chinwag
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "chinwag.selector" -}}
app.kubernetes.io/name: chinwag
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}
