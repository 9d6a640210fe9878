"""moto: every AWS service except ECS, and the patches that connect it to ECS."""
