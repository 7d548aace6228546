"""Lines to the providers that bring customers' messages: how Slack, WhatsApp, SMS and e-mail read and are written."""
