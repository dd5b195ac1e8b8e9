// Tokens. The key is an object made once: from a plain string the library would try to read a public key every time.
import { createSecretKey } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { config } from './config.js';

const key = createSecretKey(config.JWT_SECRET, 'utf8');

export const sign = (user) => jwt.sign({ userId: user.id, role: user.role }, key, { expiresIn: '1d' });
export const verify = (token) => jwt.verify(token, key, { algorithms: ['HS256'] });
