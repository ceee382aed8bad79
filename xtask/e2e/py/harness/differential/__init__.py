"""The same OpenAI request through the gateway and through LiteLLM: what each sends to a vendor."""
