-- Who may sign in. Sessions are not here: they live in KV and expire by themselves.
CREATE TABLE accounts (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  email text NOT NULL,
  name text NOT NULL CHECK (name <> ''),
  -- `pbkdf2-sha256$<iterations>$<salt>$<hash>`
  password_hash text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE UNIQUE INDEX accounts_email ON accounts (lower(email));
