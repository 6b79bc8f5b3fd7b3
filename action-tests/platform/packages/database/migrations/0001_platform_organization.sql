-- The platform's own organisation: content belongs to it when nobody says otherwise.
INSERT INTO organizations (slug, name) VALUES ('revelations', 'Revelations Studio');
