-- Stripe sends an event until it is acknowledged, so that each may arrive more than once: its own
-- id is the key.
CREATE TABLE webhook_events (
  id text PRIMARY KEY,
  type text NOT NULL,
  livemode boolean NOT NULL,
  payload jsonb NOT NULL,
  created_at timestamptz NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX webhook_events_type ON webhook_events (type, received_at DESC);
