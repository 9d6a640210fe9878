"""The document that most tests of commands begin with."""

from controller.core.document.resource import ResourceId

HEADER = """\
apiVersion: hokusai.ai/v1
platform: {name: t, environment: development, account: "123456789012", region: us-east-1}
"""
DOCUMENT = f"""\
{HEADER}\
services:
  mlflow: {{image: "web:1", cpu: 256, memory: 512}}
  api: {{image: "web:1", cpu: 256, memory: 512, depends_on: [service/mlflow]}}
"""
API, MLFLOW = ResourceId("service", "api"), ResourceId("service", "mlflow")
