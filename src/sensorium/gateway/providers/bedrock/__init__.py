"""AWS Bedrock: Converse, ConverseStream and InvokeModel, signed with Signature Version 4."""
